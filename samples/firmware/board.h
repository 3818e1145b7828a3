/* What the firmware needs of its board: text, and memory that is ready when main begins. */
#ifndef BOARD_H
#define BOARD_H

void print(const char *text); /* of each board */

/* print.c */
void print_number(int value);
void print_thousandths(float value); /* as 0.123, rounded */

#endif
