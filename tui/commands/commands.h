/* The subcommands' entry points, one a file. */
#ifndef TUI_COMMANDS_COMMANDS_H
#define TUI_COMMANDS_COMMANDS_H

int command_open(int argc, char **argv);
int command_run(int argc, char **argv);
int command_sweep(int argc, char **argv);
int command_intrinsic(int argc, char **argv);
int command_show(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_generate(int argc, char **argv);
int command_spectrum(int argc, char **argv);
int command_overlap(int argc, char **argv);
int command_resize(int argc, char **argv);
int command_extract(int argc, char **argv);
int command_merge(int argc, char **argv);
int command_pretrain(int argc, char **argv);
int command_bench(int argc, char **argv);

#endif
