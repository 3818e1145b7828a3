"""The Python loader on models that rondo compiles here: the sample and its recording, computed in NumPy, and small ones whose
results are known. The program is $RONDO."""
import copy
import json
import os
import subprocess
import tempfile
import unittest

import numpy as np

import rondo

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
SINE = os.path.join(ROOT, "samples", "sine.onnx")
STATE = ["--state=h0=hn", "--state=c0=cn"]
folder = tempfile.TemporaryDirectory()


def recorded(name):
    return np.load(os.path.join(ROOT, "samples", "recording", name + ".npy"))


def compiled(model, name, *options):
    """The model, a file or rondo's JSON as a dict, as a library that is open."""
    if isinstance(model, dict):
        path = os.path.join(folder.name, name + ".json")
        with open(path, "w") as file:
            json.dump({"rondo": 1, **model}, file)
        model = path
    library = os.path.join(folder.name, name + ".so")
    subprocess.run([os.environ["RONDO"], "compile", model, "-o", library, "--name=" + name, *options], check=True)
    return rondo.Model(library)


def compile_c(source, *options):
    """Compiles text, or a file, with the headers of the runtime."""
    path = source
    if not os.path.exists(source):
        path = os.path.join(folder.name, "source.c")
        with open(path, "w") as file:
            file.write(source)
    output = os.path.join(folder.name, f"c{len(os.listdir(folder.name))}")
    subprocess.run(["cc", "-I" + os.path.join(ROOT, "runtime", "include"), path, "-o", output, *options], check=True)
    return output


class Layout(unittest.TestCase):
    def test_structs_are_those_of_the_header(self):
        lines, want = [], []
        for name, struct in rondo.STRUCTS.items():
            lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
            want.append(f"{name} {rondo.ctypes.sizeof(struct)}")
            for field, _ in struct._fields_:
                at = getattr(struct, field)
                lines.append(f'printf("{name}.{field} %zu %zu\\n", offsetof({name}, {field}), sizeof((({name} *)0)->{field}));')
                want.append(f"{name}.{field} {at.offset} {at.size}")
        for value, word in rondo.STATUSES.items():
            lines.append(f'printf("{word} %d\\n", RONDO_{word});')
            want.append(f"{word} {value}")
        for value, (word, _) in rondo.DTYPES.items():
            lines.append(f'printf("{word} %d\\n", RONDO_{word});')
            want.append(f"{word} {value}")
        lines.append('printf("%d %d\\n", RONDO_INTERFACE_VERSION, RONDO_ALIGNMENT);')
        want.append(f"{rondo.INTERFACE_VERSION} {rondo.ALIGNMENT}")
        program = compile_c('#include <stdio.h>\n#include "rondo.h"\nint main(void) {\n' + "\n".join(lines) + "\n}\n")
        got = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()
        self.assertEqual(got, want)

    def test_no_enumerator_is_missing(self):
        with open(os.path.join(ROOT, "runtime", "include", "rondo.h")) as file:
            text = file.read()
        for enum, known in (("rondo_status", len(rondo.STATUSES)), ("rondo_dtype", len(rondo.DTYPES))):
            body = text[text.index(f"typedef enum {enum} {{"):text.index(f"}} {enum};")]
            self.assertEqual(body.count(" = "), known, enum)


class Stream(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = compiled(SINE, "stream", "--dim=time=1", *STATE)

    def start(self):
        stream = self.model.instance()
        stream.load({"h0": recorded("h_first"), "c0": recorded("c_first")})
        return stream

    def test_the_recorded_stream(self):
        stream = self.start()
        y = stream.steps(x=recorded("x"))["y"]
        np.testing.assert_allclose(y, recorded("y"), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(stream.state["h0"], recorded("h_last"), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(stream.state["c0"], recorded("c_last"), rtol=1e-4, atol=1e-5)

    def test_steps_are_single_steps(self):
        one, many = self.start(), self.start()
        together = many.steps(x=recorded("x"))["y"]
        apart = np.array([one.step({"x": x})["y"] for x in recorded("x")])
        np.testing.assert_array_equal(together, apart)
        self.assertEqual(many.steps(x=np.zeros((0, 1, 1, 1), np.float32))["y"].shape, (0, 1, 1, 1))

    def test_copies_continue_and_share_nothing(self):
        first, x = self.start(), recorded("x")
        first.step(x=x[0])
        saved, others = first.save(), [first.copy(), copy.copy(first), copy.deepcopy(first)]
        want = first.step(x=x[1])["y"]
        for other in others:
            np.testing.assert_array_equal(other.step(x=x[1])["y"], want)
        first.step(x=x[2])
        first.load(saved)
        np.testing.assert_array_equal(first.step(x=x[1])["y"], want)
        first.reset()
        np.testing.assert_array_equal(first.state["h0"], 0)
        np.testing.assert_array_equal(first.step(x=x[0])["y"], self.model.instance().step(x=x[0])["y"])

    def test_wrong_arrays_are_refused(self):
        stream = self.start()
        for arguments, want in (({}, "missing: ['x']"), ({"z": 1}, "not known: ['z']"),
                                ({"x": np.zeros((1, 1))}, "accepted: (1, 1, 1)"),
                                ({"x": np.zeros((1, 1, 1), complex)}, "accepted: float32")):
            with self.assertRaises(rondo.Error) as caught:
                stream.step(arguments)
            self.assertIn(want, str(caught.exception))
        with self.assertRaisesRegex(rondo.Error, "no state 'g'"):
            stream.load({"g": 1})
        with self.assertRaisesRegex(rondo.Error, "has the shape"):
            stream.load({"h0": [1]})


class Whole(unittest.TestCase):
    def test_dimensions_follow_from_the_inputs(self):
        model = compiled(SINE, "whole")
        self.assertEqual(model.dims, ["time"])
        self.assertEqual(model.inputs[0].shape, (None, 1, 1))
        x = recorded("x").reshape(48, 1, 1)
        out = model.run(x=x, h0=recorded("h_first"), c0=recorded("c_first"))
        np.testing.assert_allclose(out["y"], recorded("y").reshape(48, 1, 1), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(out["cn"], recorded("c_last"), rtol=1e-4, atol=1e-5)
        with self.assertRaisesRegex(rondo.Error, "no dimension 'length'"):
            model.instance(dims={"length": 3})
        with self.assertRaisesRegex(rondo.Error, "give them"):
            model.instance()
        with self.assertRaisesRegex(rondo.Error, "not valid"):
            model.instance(dims={"time": 0})

    def test_sizes_that_a_call_finds_out(self):
        model = compiled({"inputs": {"x": "f32[6]"}, "nodes": ["n = NonZero(x)"], "outputs": ["n"]}, "measured")
        instance = model.instance()
        for x in ([0, 1, 0, 2, 3, 0], [0] * 6, [1] * 6):
            np.testing.assert_array_equal(instance.step(x=x)["n"], np.array(np.nonzero(x)))
        self.assertEqual(list(instance.measured), model.measured)
        self.assertEqual([n.shape for n in instance.steps(x=[[0] * 6, [1] * 6])["n"]], [(1, 0), (1, 6)])

    def test_element_types(self):
        words = {"f16": 10, "f64": 11, "i8": 3, "u8": 2, "i16": 5, "u16": 4, "i32": 6, "u32": 12, "i64": 7, "u64": 13, "bool": 9}
        model = compiled({"inputs": {"x": "f32[3]"}, "nodes": [f"y_{w} = Cast(x, to={n})" for w, n in words.items()],
                          "outputs": [f"y_{w}" for w in words]}, "types")
        x = np.array([0, 1, 100], np.float32)
        for tensor, (name, got) in zip(model.outputs, model.run(x=x).items()):
            self.assertEqual(tensor.name, name)
            np.testing.assert_array_equal(got, x.astype(got.dtype))
            self.assertEqual(got.dtype, tensor.dtype)
        types = {t.name: t.dtype for t in model.outputs}
        self.assertEqual(types["y_f16"], np.float16)
        self.assertEqual(types["y_i64"], np.int64)
        self.assertEqual(types["y_bool"], np.bool_)

    def test_scalars_and_strided_arrays(self):
        model = compiled({"inputs": {"a": "f32[]", "x": "f32[2, 3]"}, "nodes": ["y = a * x"], "outputs": ["y"]}, "scaled")
        x = np.arange(6, dtype=np.float32).reshape(3, 2)
        np.testing.assert_array_equal(model.run(a=2, x=x.T)["y"], 2 * x.T)

    def test_numbers_that_do_not_fit_are_refused(self):
        model = compiled({"inputs": {"x": "i8[2]"}, "nodes": ["y = x + x"], "outputs": ["y"]}, "small")
        np.testing.assert_array_equal(model.run(x=[1, -64])["y"], [2, -128])
        for x in ([1, 200], np.array([1, 200], np.uint8)):
            with self.assertRaisesRegex(rondo.Error, "cannot hold"):
                model.run(x=x)
        with self.assertRaisesRegex(rondo.Error, "accepted: int8"):
            model.run(x=[1.0, 2.0])

    def test_weights_from_a_file(self):
        model = compiled(SINE, "outside", "--dim=time=1", "--external-weights", *STATE)
        with self.assertRaisesRegex(rondo.Error, "holds no weights"):
            model.instance()
        with open(os.path.join(folder.name, "outside.weights"), "rb") as file:
            weights = file.read()
        with self.assertRaisesRegex(rondo.Error, "the model's have"):
            model.instance(constants=weights[1:])
        with self.assertRaisesRegex(rondo.Error, "for this architecture"):
            model.instance(constants=weights[:8] + bytes(8) + weights[16:])
        stream = model.instance(constants=weights)
        stream.load({"h0": recorded("h_first"), "c0": recorded("c_first")})
        np.testing.assert_allclose(stream.copy().steps(x=recorded("x"))["y"], recorded("y"), rtol=1e-4, atol=1e-5)


class Streams(unittest.TestCase):
    def test_one_of_several_is_reset_alone(self):
        model, x = compiled(SINE, "streams", "--dim=time=1", "--streams=3", *STATE), recorded("x")
        self.assertEqual((model.streams, model.inputs[0].shape), (3, (3, 1, 1, 1)))
        together, alone = model.instance(), compiled(SINE, "alone", "--dim=time=1", *STATE).instance()
        many = np.stack([x, x, x], 1)
        together.steps(x=many[:5])
        together.reset(1)
        y = together.steps(x=many[:5])["y"]
        np.testing.assert_allclose(y[:, 1], alone.steps(x=x[:5])["y"], rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(y[:, 0], y[:, 2])
        self.assertGreater(abs(y[:, 0] - y[:, 1]).max(), 1e-3)
        with self.assertRaises(rondo.Error):
            together.reset(3)


class Opening(unittest.TestCase):
    def test_what_cannot_be_opened_is_said(self):
        with self.assertRaisesRegex(rondo.Error, "absent.so"):
            rondo.Model("absent.so")
        fake = os.path.join(ROOT, "tests", "driver", "fake", "model.c")
        with self.assertRaisesRegex(rondo.Error, "other_model"):
            rondo.Model(compile_c(fake, "-shared", "-fPIC"), "other")
        with self.assertRaisesRegex(rondo.Error, "version"):
            rondo.Model(compile_c(fake, "-shared", "-fPIC", "-DFAULT=1"), "fake")

    def test_what_a_call_says(self):
        model = rondo.Model(compile_c(os.path.join(ROOT, "tests", "driver", "fake", "model.c"), "-shared", "-fPIC"), "fake")
        np.testing.assert_array_equal(model.run(x=np.ones(3, np.float32))["y"], [2, 2, 2])
        with self.assertRaises(rondo.Error) as caught:
            model.run(x=np.ones(13, np.float32))
        self.assertEqual(caught.exception.status, 2)


if __name__ == "__main__":
    unittest.main()
