/* onnx.h: the weights in an ONNX file, by name: what networks that are known here take. There is no run time for the rest.
 *
 * These are the graph's initializers, and the tensors of its Constant nodes under the names of their outputs. uint16
 * becomes int32, uint32 and uint64 int64. Data in other files, strings, types of 8 bits and fewer that are no integers,
 * and graphs within nodes are not handled.
 *
 * Source: onnx/onnx.proto (ONNX 1.0 to 1.17), in the wire format of Protocol Buffers.
 */
#ifndef MLK_ONNX_H
#define MLK_ONNX_H

#include "store/tensors.h"

/* Arrays are views into the mapped file where their type may lie there, else copies. */
mlk_code mlk_onnx_read(const char *path, mlk_tensors *tensors, mlk_status *status);

/* The same from memory, which must outlive the arrays. */
mlk_code mlk_onnx_parse(unsigned char *bytes, size_t size, mlk_tensors *tensors, mlk_status *status);

#endif
