#include "dsp/select.h"

/* Quickselect with the median of three as pivot. */
void mlk_select_smallest(float *values, int64_t n, int64_t count)
{
    int64_t low = 0, high = n - 1;
    while (low < high) {
        float a = values[low], b = values[(low + high) / 2], c = values[high];
        float pivot = a < b ? (b < c ? b : (a < c ? c : a)) : (a < c ? a : (b < c ? c : b));
        int64_t i = low, j = high;
        while (i <= j) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i <= j) {
                float swapped = values[i];
                values[i++] = values[j];
                values[j--] = swapped;
            }
        }
        if (count - 1 <= j)
            high = j;
        else if (count - 1 >= i)
            low = i;
        else
            return;
    }
}

float mlk_median(float *values, int64_t n)
{
    mlk_select_smallest(values, n, n / 2 + 1); /* the middle ones are the largest of these */
    float largest = values[0], second = values[0];
    for (int64_t i = 1; i <= n / 2; i++) {
        if (i == 1 || values[i] > second)
            second = values[i];
        if (second > largest) {
            float swapped = largest;
            largest = second;
            second = swapped;
        }
    }
    return n % 2 ? largest : (second + largest) / 2;
}
