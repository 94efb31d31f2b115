#include "blas/functions.h"

#include <stdlib.h>

int mlk_blas_eigen_by(const mlk_blas_functions *blas, double *matrix, int n, double *values)
{
    int info = 0, ask = -1, integers = 0;
    double room = 0;
    blas->dsyevd_("V", "U", &n, matrix, &n, values, &room, &ask, &integers, &ask, &info, 1, 1);
    if (info != 0)
        return info;
    int doubles = (int)room;
    double *work = malloc(sizeof *work * (size_t)doubles);
    int *iwork = malloc(sizeof *iwork * (size_t)integers);
    if (work && iwork)
        blas->dsyevd_("V", "U", &n, matrix, &n, values, work, &doubles, iwork, &integers, &info, 1, 1);
    else
        info = -1;
    free(work);
    free(iwork);
    return info;
}
