/*
 * Words of view 3; see help_terms.h.  Names fit the help's label column.
 */
#include "tui/help_terms.h"

const struct help_term help_term[] = {
    {"φ(i, j)", "phi: how much of the first i directions of one lies in the "
                "first j of the other: ||U_i^T V_j||_F^2 / min(i, j), 0 to 1 "
                "(Hu et al. 2021, eq. 4)"},
    {"chance", "two uniformly random subspaces of R^n have phi = max(i, j)/n "
               "on average; 95 % lie in the band"},
    {"z", "how many deviations of chance phi is away from it"},
    {"angles", "principal angles of the two subspaces; chance: where all of "
               "them lie when n is large"},
    {"projection", "sqrt(sum of sin^2 of the angles), App. G of Hu et al.; "
                   "geodesic sqrt(sum of squares), Fubini-Study arccos of the "
                   "product of cosines"},
    {"together", "cosine <dW1, dW2>/(||dW1|| ||dW2||); energy ||dW1 + dW2||^2 "
                 "/ (||dW1||^2 + ||dW2||^2): above 1 the two add up"},
    {"of A, of B", "Hu et al. take singular vectors of A alone: another pair "
                   "of factors of the same dW would change them"},
    {"factor", "amplification ||dW||_F / ||U^T W0 V||_F, U and V the first r "
               "directions of dW (Table 7); random directions fall as 1/r"},
    {"ρ", "rho: ||U^T W0 V||_F over its value for random U and V, r ||W0||_F "
          "/ sqrt(out in): 1 by chance, GPT-3 15.9 (r = 4) and 5.9 (r = 64)"},
    {"energy", "of dW in the first k singular directions of W0: chance k/n"},
    {"intruder", "a singular vector y_j of W0 + dW with |cos| below ε to every "
                 "one of W0, and to every cluster of near-equal singular "
                 "values (Shuttleworth et al. 2025; ε = 0.5, k = 10 there)"},
    {"λ", "lambda: the intruders' singular values times this; 0 removes them, "
          "1 leaves them"},
    {"G", "gap closed: (loss of the base - loss) / (loss of the base - loss "
          "of full), on held-out examples"},
    {"r*", "the least rank r at which full's own update, cut to r, closes 95 "
           "%; at every site, and at the LoRA run's sites alone"},
};
const int help_term_count = sizeof help_term / sizeof *help_term;
