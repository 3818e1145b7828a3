"""Calls models that rondo compiled to shared libraries, from Python: one file, no build step; needs NumPy alone.

    import rondo
    model = rondo.Model("sine.so")              # what it takes is in its reflection record: print(model)
    y = model.run(x=x)["y"]                     # a model without state: arrays in by name, arrays out by name

    stream = model.instance()                   # a model with state: an instance keeps it
    for sample in samples:
        y = stream.step(x=sample)["y"]
    ys = stream.steps(x=samples)["y"]           # many steps: each array has a first axis more
    stream.state["h0"]                          # a view of the state, as an array: read it, write it
    saved = stream.save(); stream.load(saved); other = stream.copy(); stream.reset()

Symbolic dimensions follow from the inputs' shapes, or are given: model.instance(dims={"time": 10}). What is wrong is a
rondo.Error that says what would be accepted. A bfloat16 is passed as its bits, in uint16.

Tested by tests/python.
"""
import ctypes
import operator
import os

import numpy

INTERFACE_VERSION = 4
ALIGNMENT = 64
STATUSES = {0: "OK", 1: "BAD_POINTER", 2: "BAD_DIMENSION", 3: "INDEX_OUT_OF_RANGE", 4: "OVER_CAPACITY", 5: "OTHER_VECTORS",
            6: "OTHER_WEIGHTS"}
MEANINGS = {
    2: "a dimension is below 1, or dimensions contradict each other",
    3: "the data hold an index outside the table it selects from",
    4: "the data make a dimension larger, or smaller, than there is room for",
    5: "the code is for vectors of another length than this processor's",
    6: "the weights are no blob that 'rondo weights' wrote for this architecture",
}
# rondo_dtype: its name in rondo.h, and what NumPy calls it.
DTYPES = {
    1: ("F32", "float32"), 2: ("U8", "uint8"), 3: ("I8", "int8"), 4: ("U16", "uint16"), 5: ("I16", "int16"),
    6: ("I32", "int32"), 7: ("I64", "int64"), 9: ("BOOL", "bool"), 10: ("F16", "float16"), 11: ("F64", "float64"),
    12: ("U32", "uint32"), 13: ("U64", "uint64"), 16: ("BF16", "uint16"),
}

# --- the structs of rondo.h, field by field; tests/python compares them with the C compiler's

_Numbers = ctypes.POINTER(ctypes.c_int64)


class _Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32), ("shape", _Numbers),
                ("type", ctypes.c_char_p), ("time_axis", ctypes.c_int32), ("latency", ctypes.c_int32)]


class _Call(ctypes.Structure):
    _fields_ = [("inputs", ctypes.POINTER(ctypes.c_void_p)), ("outputs", ctypes.POINTER(ctypes.c_void_p)),
                ("dims", _Numbers), ("state", ctypes.c_void_p), ("scratch", ctypes.c_void_p),
                ("constants", ctypes.c_void_p), ("parallel", ctypes.c_void_p), ("measured", _Numbers)]


_Size = ctypes.CFUNCTYPE(ctypes.c_int64, _Numbers)


class _Model(ctypes.Structure):
    _fields_ = [("interface_version", ctypes.c_uint32), ("input_count", ctypes.c_int32),
                ("output_count", ctypes.c_int32), ("state_count", ctypes.c_int32), ("dim_count", ctypes.c_int32),
                ("measured_count", ctypes.c_int32), ("name", ctypes.c_char_p), ("inputs", ctypes.POINTER(_Tensor)),
                ("outputs", ctypes.POINTER(_Tensor)), ("states", ctypes.POINTER(_Tensor)),
                ("dims", ctypes.POINTER(ctypes.c_char_p)), ("measured", ctypes.POINTER(ctypes.c_char_p)),
                ("constants", ctypes.c_void_p), ("constant_bytes", ctypes.c_int64),
                ("call", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Call))),
                ("reset", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, _Numbers)),
                ("state_size", _Size), ("scratch_size", _Size),
                ("shapes", ctypes.CFUNCTYPE(ctypes.c_int, _Numbers, _Numbers, _Numbers)),
                ("state_offsets", ctypes.CFUNCTYPE(ctypes.c_int, _Numbers, _Numbers)),
                ("reset_stream", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, _Numbers)),
                ("fingerprint", ctypes.c_uint64), ("streams", ctypes.c_int64), ("frames", ctypes.c_int64),
                ("latency", ctypes.c_int64)]


class _Weights(ctypes.Structure):
    _fields_ = [("magic", ctypes.c_uint64), ("fingerprint", ctypes.c_uint64), ("bytes", ctypes.c_int64)]


STRUCTS = {"rondo_tensor": _Tensor, "rondo_weights": _Weights, "rondo_call": _Call, "rondo_model": _Model}


class Error(Exception):
    """What could not be done, and why; `status` is the rondo_status of a call that failed, or None."""

    def __init__(self, text, status=None):
        super().__init__(text)
        self.status = status


def _check(status, what):
    if status != 0:
        raise Error(f"{what}: {MEANINGS.get(status, STATUSES.get(status, status))}", status)


class Tensor:
    """An input, output or state: its name, dtype of NumPy, type as text, shape with None where it depends on dimensions."""

    def __init__(self, record):
        if record.dtype not in DTYPES:
            raise Error(f"'{record.name.decode()}' has elements of type {record.dtype}, which this loader does not know")
        self.name, self.type = record.name.decode(), record.type.decode()
        self.dtype = numpy.dtype(DTYPES[record.dtype][1])
        self.shape = tuple(None if n < 0 else n for n in record.shape[:record.rank])

    def axis_names(self):
        """What stands for each axis in the type's text."""
        inside = self.type[self.type.index("[") + 1:-1]
        return inside.split(", ") if inside else []

    def __repr__(self):
        return f"{self.name}: {self.type}"


def _aligned(size):
    """Zeros on the alignment that the interface asks for; never empty, so that there is a pointer."""
    block = numpy.zeros(size + ALIGNMENT, numpy.uint8)
    start = -block.ctypes.data % ALIGNMENT
    return block[start:start + max(size, 1)]


def _numbers(values):
    return (ctypes.c_int64 * max(len(values), 1))(*values)


class Model:
    """A compiled model. `prefix` is that of its symbols; by default the file's name without "lib" and ".so"."""

    def __init__(self, path, prefix=None):
        path = os.fspath(path)
        if prefix is None:
            prefix = os.path.basename(path).removeprefix("lib").removesuffix(".so")
        try:
            self._library = ctypes.CDLL(os.path.abspath(path))
            self._record = _Model.in_dll(self._library, prefix + "_model")
        except (OSError, ValueError) as error:
            raise Error(f"{path}: {error}") from None
        record = self._record
        if record.interface_version != INTERFACE_VERSION:
            raise Error(f"{path}: compiled for version {record.interface_version} of the interface; this is version "
                        f"{INTERFACE_VERSION}")
        self.name = record.name.decode()
        self.inputs = [Tensor(record.inputs[i]) for i in range(record.input_count)]
        self.outputs = [Tensor(record.outputs[i]) for i in range(record.output_count)]
        self.states = [Tensor(record.states[i]) for i in range(record.state_count)]
        self.dims = [record.dims[i].decode() for i in range(record.dim_count)]
        self.measured = [record.measured[i].decode() for i in range(record.measured_count)]
        self.constant_bytes, self.fingerprint = record.constant_bytes, record.fingerprint
        self.streams, self.frames, self.latency = record.streams, record.frames, record.latency
        self.has_constants = bool(record.constants) or record.constant_bytes == 0

    def __repr__(self):
        lines = [f"{kind} {tensor}" for kind, tensors in
                 (("input", self.inputs), ("output", self.outputs), ("state", self.states)) for tensor in tensors]
        return "\n  ".join([f"model {self.name}"] + lines)

    def instance(self, dims=None, constants=None):
        """Memory for calls with these dimensions, and a state that has its initial value."""
        return Instance(self, dims, constants)

    def run(self, arrays=None, *, dims=None, constants=None, **named):
        """One call. Of a model with state: one step from the initial state. Inputs by name, in a dict or as keywords."""
        arrays = {**(arrays or {}), **named}
        return self.instance({**self._dims_of(arrays), **(dims or {})}, constants).step(arrays)

    def _dims_of(self, arrays):
        """The dimensions that are an axis of an input that is given."""
        found = {}
        for tensor in self.inputs:
            shape = numpy.shape(arrays[tensor.name]) if tensor.name in arrays else ()
            for name, extent in zip(tensor.axis_names(), shape):
                if name in self.dims:
                    found.setdefault(name, extent)
        return found


class _State(dict):
    """Views of each state's memory by name; assigning to one writes its elements."""

    def __setitem__(self, name, value):
        if name not in self:
            raise Error(f"there is no state '{name}'; there are {list(self)}")
        value = numpy.asarray(value)
        if value.shape != self[name].shape:
            raise Error(f"state '{name}' has the shape {self[name].shape}, not {value.shape}")
        self[name][...] = value


class Instance:
    """State and scratch memory of one stream, or of calls with one set of dimensions. Instances share nothing but weights."""

    def __init__(self, model, dims=None, constants=None):
        self.model = model
        dims = dict(dims or {})
        for name in dims:
            if name not in model.dims:
                raise Error(f"there is no dimension '{name}'; there are {model.dims}")
        missing = [name for name in model.dims if name not in dims]
        if missing:
            raise Error(f"the dimensions {missing} do not follow from the inputs' shapes; give them: "
                        f"dims={{'{missing[0]}': ...}}")
        self.dims = {name: operator.index(dims[name]) for name in model.dims}
        self._dims = _numbers(list(self.dims.values()))
        self._set_constants(constants)
        record = model._record
        state, scratch = record.state_size(self._dims) if model.states else 0, record.scratch_size(self._dims)
        if state < 0 or scratch < 0:
            raise Error(f"the dimensions {self.dims} are not valid: each is at least 1, and they may not contradict each "
                        "other", 2)
        self._input_shapes, self._output_shapes, state_shapes = self._shapes(None)
        self._memory, self._scratch = _aligned(state), _aligned(scratch)
        offsets = _numbers([0] * len(model.states))
        if model.states:
            _check(record.state_offsets(self._dims, offsets), "state_offsets")
        self.state = _State()
        for tensor, offset, shape in zip(model.states, offsets, state_shapes):
            size = int(numpy.prod(shape, dtype=numpy.int64)) * tensor.dtype.itemsize
            dict.__setitem__(self.state, tensor.name, self._memory[offset:offset + size].view(tensor.dtype).reshape(shape))
        self._measured = _numbers([0] * len(model.measured))
        self.measured = {}
        self.reset()

    def _set_constants(self, constants):
        if constants is None:
            if not self.model.has_constants:
                raise Error(f"the library holds no weights: give the file's {self.model.constant_bytes} bytes as constants")
            self._constants = None
            return
        data = numpy.frombuffer(constants, numpy.uint8)
        if data.size != self.model.constant_bytes:
            raise Error(f"the weights have {data.size} bytes; the model's have {self.model.constant_bytes}")
        head = _Weights.from_buffer_copy(data[:ctypes.sizeof(_Weights)])
        if head.fingerprint != self.model.fingerprint:
            raise Error(f"the weights: {MEANINGS[6]}", 6)
        self._constants = _aligned(data.size)
        self._constants[:data.size] = data

    def _shapes(self, measured):
        tensors = self.model.inputs + self.model.outputs + self.model.states
        flat = _numbers([0] * sum(len(t.shape) for t in tensors))
        _check(self.model._record.shapes(self._dims, measured, flat), f"the dimensions {self.dims}")
        shapes, at = [], 0
        for tensor in tensors:
            shapes.append(tuple(flat[at:at + len(tensor.shape)]))
            at += len(tensor.shape)
        first, second = len(self.model.inputs), len(self.model.inputs) + len(self.model.outputs)
        return shapes[:first], shapes[first:second], shapes[second:]

    def reset(self, stream=-1):
        """Gives the state its initial value: of one stream, where the model has several, or of all."""
        if self.model.states:
            constants = None if self._constants is None else self._constants.ctypes.data
            _check(self.model._record.reset_stream(self._memory.ctypes.data, stream, constants, self._dims), "reset")

    def save(self):
        """The state as arrays by name: copies."""
        return {name: array.copy() for name, array in self.state.items()}

    def load(self, saved):
        """Takes over a state that `save` gave, or some of its arrays."""
        for name, array in saved.items():
            self.state[name] = array

    def copy(self):
        """Another instance that continues from the same state."""
        other = Instance(self.model, self.dims, None if self._constants is None else self._constants.tobytes())
        other._memory[:] = self._memory
        return other

    __copy__ = copy

    def __deepcopy__(self, memo):
        return self.copy()

    def step(self, arrays=None, **named):
        """One call: inputs by name, in a dict or as keywords; gives the outputs by name, and moves the state on."""
        inputs = self._take({**(arrays or {}), **named}, ())
        return self._call(inputs)

    def steps(self, arrays=None, **named):
        """A call for each element of the first axis, which all inputs have in common; the outputs have it too."""
        arrays = {**(arrays or {}), **named}
        counts = {name: numpy.shape(array)[:1] for name, array in arrays.items()}
        if len(set(counts.values())) != 1 or () in counts.values():
            raise Error(f"the first axis of all inputs is the step; they have {counts}")
        count = next(iter(counts.values()))[0]
        inputs = self._take(arrays, (count,))
        results = [self._call([array[t] for array in inputs]) for t in range(count)]
        if self.model.measured:
            return {tensor.name: [result[tensor.name] for result in results] for tensor in self.model.outputs}
        return {tensor.name: numpy.array([result[tensor.name] for result in results], tensor.dtype).reshape((count,) + shape)
                for tensor, shape in zip(self.model.outputs, self._output_shapes)}

    def _take(self, arrays, first):
        """The inputs in the record's order, with the model's element types; `first`: axes before the model's own."""
        names = [tensor.name for tensor in self.model.inputs]
        unknown = [name for name in arrays if name not in names]
        absent = [name for name in names if name not in arrays]
        if unknown or absent:
            raise Error(f"the inputs are {names}; not known: {unknown}, missing: {absent}")
        taken = []
        for tensor, shape in zip(self.model.inputs, self._input_shapes):
            array = numpy.asarray(arrays[tensor.name])
            if not numpy.can_cast(array.dtype, tensor.dtype, "same_kind"):
                raise Error(f"input '{tensor.name}' has elements of type {array.dtype}; accepted: {tensor.dtype}")
            if array.shape != first + shape:
                raise Error(f"input '{tensor.name}' has the shape {array.shape}; accepted: {first + shape}, of {tensor.type}")
            converted = numpy.ascontiguousarray(array, tensor.dtype).reshape(array.shape)
            if tensor.dtype.kind in "iu" and not numpy.array_equal(converted, array):
                raise Error(f"input '{tensor.name}' has numbers that {tensor.dtype} cannot hold")
            taken.append(converted)
        return taken

    def _call(self, inputs):
        pointer = lambda array: array.ctypes.data
        inputs = [numpy.require(array, requirements=["C", "A"]) for array in inputs]
        outputs = [numpy.empty(shape, tensor.dtype) for tensor, shape in zip(self.model.outputs, self._output_shapes)]
        pointers = lambda arrays: (ctypes.c_void_p * max(len(arrays), 1))(*map(pointer, arrays))
        call = _Call(pointers(inputs), pointers(outputs), self._dims, pointer(self._memory), pointer(self._scratch),
                     None if self._constants is None else pointer(self._constants), None, self._measured)
        _check(self.model._record.call(ctypes.byref(call)), f"call of {self.model.name}")
        if self.model.measured:
            self.measured = dict(zip(self.model.measured, self._measured))
            _, shapes, _ = self._shapes(self._measured)
            outputs = [array.reshape(-1)[:numpy.prod(shape, dtype=numpy.int64)].reshape(shape)
                       for array, shape in zip(outputs, shapes)]
        return {tensor.name: array for tensor, array in zip(self.model.outputs, outputs)}
