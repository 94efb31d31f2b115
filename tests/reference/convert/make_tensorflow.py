"""Small files in TensorFlow's own formats, and what they hold by TensorFlow's own readers (tensorflow-cpu 2.21).

    python make_tensorflow.py

musicnn/: checkpoints with the names of musicnn's and of its baseline's and few channels, and configuration.py.
yamnet/: a model of TensorFlow Lite with YAMNet's layers, a few channels, weights of 8 bits by channel.
tensorflow.safetensors: the tensors that our converters must make of both ("musicnn.NAME", "vgg.NAME", "yamnet.NAME").
"""
import os
import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

rng = np.random.default_rng(13)
wanted = {}


def numbers(*shape):
    return rng.standard_normal(shape).astype(np.float32)


def save(folder, prefix, kernels, ours, layer_of, norms, denses):
    """A checkpoint of random numbers with an optimiser's beside them, and what must become of it."""
    saved = {'global_step': np.int64(7), 'beta1_power': np.float32(0.9)}

    def put(name, value, to, turned):
        saved[name] = value
        saved[name + '/Adam'] = np.zeros_like(value)
        wanted[f'{prefix}.{to}'] = np.ascontiguousarray(turned)

    for i, (shape, name) in enumerate(zip(kernels, ours)):
        kernel, bias = numbers(*shape), numbers(shape[3])
        turned = kernel[:, :, 0, :].transpose(2, 1, 0) if name.startswith('mid') else kernel.transpose(3, 2, 0, 1)
        put(layer_of(i) + '/kernel', kernel, name + '.conv.weight', turned)
        put(layer_of(i) + '/bias', bias, name + '.conv.bias', bias)
    parts = dict(gamma='weight', beta='bias', moving_mean='running_mean', moving_variance='running_var')
    for i, (name, size) in enumerate(norms.items()):
        layer = 'batch_normalization' + (f'_{i}' if i else '')
        for theirs, part in parts.items():
            value = numbers(size)
            put(f'{layer}/{theirs}', value, f'{name}.{part}', value)
    for layer, name, shape in denses:
        kernel, bias = numbers(*shape), numbers(shape[1])
        put(layer + '/kernel', kernel, name + '.weight', kernel.T)
        put(layer + '/bias', bias, name + '.bias', bias)
    os.makedirs(folder, exist_ok=True)
    names = sorted(saved)
    tf.raw_ops.SaveV2(prefix=folder + '/', tensor_names=names, shape_and_slices=[''] * len(names),
                      tensors=[tf.constant(saved[name]) for name in names])


def musicnn():
    kernels = [(3, 5, 1, 4), (3, 6, 1, 4), (8, 1, 1, 2), (4, 1, 1, 2), (2, 1, 1, 2), (3, 14, 1, 3), (3, 3, 1, 3), (3, 3, 1, 3)]
    ours = [f'front{i}' for i in range(5)] + [f'mid{i}' for i in range(3)]
    norms = {'bn': 1, **{name + '.bn': shape[3] for shape, name in zip(kernels, ours)}, 'pool_bn': 46, 'dense_bn': 5}
    save('musicnn/MSD_musicnn', 'musicnn', kernels, ours, lambda i: 'conv2d' + (f'_{i}' if i else ''), norms,
         [('dense', 'dense', (46, 5)), ('dense_1', 'out', (5, 4))])
    with open('musicnn/configuration.py', 'w') as file:
        file.write("MTT_LABELS = ['guitar', 'no vocals']\nMSD_LABELS = ['rock','female vocalists','60s', 'Hip-Hop']\n")


def vgg():
    kernels, ours = [(3, 3, 1, 2)] + [(3, 3, 2, 2)] * 4, [f'cnn{i}' for i in range(1, 6)]
    norms = {'bn': 1, **{name + '.bn': 2 for name in ours}}
    save('musicnn/MTT_vgg', 'vgg', kernels, ours, lambda i: f'{i + 1}CNN', norms, [('dense', 'out', (4, 2))])


def yamnet():
    inputs = tf.keras.Input((96, 64, 1))
    x = tf.keras.layers.Conv2D(4, 3, 2, 'same', bias_initializer='normal')(inputs)
    x = tf.keras.layers.ReLU(6)(x)
    for stride in [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]:
        x = tf.keras.layers.DepthwiseConv2D(3, stride, 'same', bias_initializer='normal')(x)
        x = tf.keras.layers.Conv2D(4, 1, bias_initializer='normal')(tf.keras.layers.ReLU(6)(x))
        x = tf.keras.layers.ReLU(6)(x)
    x = tf.keras.layers.GlobalAveragePooling2D()(x)
    model = tf.keras.Model(inputs, tf.keras.layers.Dense(3, bias_initializer='normal')(x))
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([numbers(1, 96, 64, 1)] for _ in range(4))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    os.makedirs('yamnet', exist_ok=True)
    with open('yamnet/yamnet.tflite', 'wb') as file:
        file.write(converter.convert())
    read_back()


def read_back():
    plain = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = tf.lite.Interpreter('yamnet/yamnet.tflite', experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    details = {one['index']: one for one in interpreter.get_tensor_details()}
    turns = {'CONV_2D': (0, 3, 1, 2), 'DEPTHWISE_CONV_2D': (3, 0, 1, 2), 'FULLY_CONNECTED': (0, 1)}

    def value(index):
        facts = details[index]['quantization_parameters']
        shape = [1] * len(details[index]['shape'])
        if len(facts['scales']) > 1:
            shape[facts['quantized_dimension']] = -1
        q = interpreter.get_tensor(index).astype(np.int64) - facts['zero_points'].reshape(shape)
        return q.astype(np.float32) * facts['scales'].astype(np.float32).reshape(shape)

    layers = [op for op in interpreter._get_ops_details() if op['op_name'] in turns]
    assert len(layers) == 28
    for i, op in enumerate(layers):
        name = f'layer{i + 1}' if i < 27 else 'fc'
        wanted[f'yamnet.{name}.weight'] = np.ascontiguousarray(value(op['inputs'][1]).transpose(turns[op['op_name']]))
        wanted[f'yamnet.{name}.bias'] = value(op['inputs'][2])


tf.keras.utils.set_random_seed(13)
musicnn()
vgg()
yamnet()
save_file(wanted, 'tensorflow.safetensors')
print(len(wanted), 'tensors')
