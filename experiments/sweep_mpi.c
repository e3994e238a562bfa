/*
 * Pairs handed out over MPI (make MPI=1): rank 0 answers every request with
 * the number of the next pair, the others work.  Results go through the
 * folder, which all ranks must see; nothing but numbers is sent.
 */
#include "experiments/sweep.h"

#ifdef RANKSCOPE_MPI

#include <mpi.h>
#include <stdlib.h>

enum { TAG_ASK = 1, TAG_PAIR };
enum { ASK_NEXT, ASK_LEAVE };

/* A program built with MPI runs without mpirun too, and then alone: MPI_Init
 * would look for a daemon. */
static bool is_launched(void)
{
    static const char *const marks[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                                        "PMIX_RANK", "SLURM_STEP_NUM_TASKS"};
    for (int i = 0; i < 4; i++)
        if (getenv(marks[i]))
            return true;
    return false;
}

struct sweep_mpi sweep_mpi_begin(void)
{
    struct sweep_mpi to = {0, 1};
    if (!is_launched() || MPI_Init(NULL, NULL) != MPI_SUCCESS)
        return to;
    (void)MPI_Comm_rank(MPI_COMM_WORLD, &to.rank); /* errors end the program */
    (void)MPI_Comm_size(MPI_COMM_WORLD, &to.size);
    return to;
}

void sweep_mpi_serve(int pairs)
{
    int size, next = 0;
    (void)MPI_Comm_size(MPI_COMM_WORLD, &size);
    for (int open = size - 1; open > 0;) {
        int asked;
        MPI_Status from;
        (void)MPI_Recv(&asked, 1, MPI_INT, MPI_ANY_SOURCE, TAG_ASK,
                       MPI_COMM_WORLD, &from);
        if (asked == ASK_LEAVE) {
            open--;
            continue;
        }
        int pair = next < pairs ? next++ : -1;
        (void)MPI_Send(&pair, 1, MPI_INT, from.MPI_SOURCE, TAG_PAIR,
                       MPI_COMM_WORLD);
        open -= pair < 0;
    }
}

int sweep_mpi_next(void *ctx)
{
    int ask = ASK_NEXT, pair;
    (void)ctx;
    (void)MPI_Send(&ask, 1, MPI_INT, 0, TAG_ASK, MPI_COMM_WORLD);
    (void)MPI_Recv(&pair, 1, MPI_INT, 0, TAG_PAIR, MPI_COMM_WORLD,
                   MPI_STATUS_IGNORE);
    return pair;
}

void sweep_mpi_leave(void)
{
    int ask = ASK_LEAVE;
    (void)MPI_Send(&ask, 1, MPI_INT, 0, TAG_ASK, MPI_COMM_WORLD);
}

enum sweep_end sweep_mpi_end(enum sweep_end mine)
{
    int open = 0, all;
    /* Failed is worse than stopped, stopped than left to others. */
    static const int badness[] = {3, 0, 2, 1};
    static const enum sweep_end ends[] = {SWEEP_DONE, SWEEP_OTHERS,
                                          SWEEP_STOPPED, SWEEP_FAILED};
    (void)MPI_Initialized(&open);
    if (!open)
        return mine;
    int bad = badness[mine + 1];
    (void)MPI_Allreduce(&bad, &all, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    (void)MPI_Finalize();
    return ends[all];
}

#else

struct sweep_mpi sweep_mpi_begin(void)
{
    return (struct sweep_mpi){0, 1};
}

void sweep_mpi_serve(int pairs)
{
    (void)pairs; /* there is nobody to ask */
}

int sweep_mpi_next(void *ctx)
{
    (void)ctx;
    return -1;
}

void sweep_mpi_leave(void)
{
    /* nobody waits */
}

enum sweep_end sweep_mpi_end(enum sweep_end mine)
{
    return mine;
}

#endif
