"""ONNX operators as Paddle ones, a module a family; what each says is in ONNX's Operators.md."""
