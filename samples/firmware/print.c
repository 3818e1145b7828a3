/* Numbers as text, without a C library. */
#include "board.h"

void print_number(int value) {
  char text[12], *at = text + sizeof text - 1;
  unsigned rest = value < 0 ? 0u - (unsigned)value : (unsigned)value;
  *at = 0;
  do *--at = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) *--at = '-';
  print(at);
}

void print_thousandths(float value) {
  const int number = (int)(value * 1000 + (value < 0 ? -0.5f : 0.5f)), size = number < 0 ? -number : number;
  const char digits[] = {(char)('0' + size / 100 % 10), (char)('0' + size / 10 % 10), (char)('0' + size % 10), 0};
  print(number < 0 ? "-" : " ");
  print_number(size / 1000);
  print(".");
  print(digits);
}
