"""The wire format of Paddle's programs, as far as this project reads or changes it.

Numbers and names are those of the public schema (Paddle, paddle/fluid/framework/framework.proto).
What is left out stays in a message as unknown fields and is written back as it was. Enumerations
are plain numbers here, so that values of later releases are kept too.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

#: A message of the schema, its class, or a repeated field. The classes exist only at run time,
#: so no checker can know their fields.
Message = Any

_Field = descriptor_pb2.FieldDescriptorProto
_PACKAGE = "paddle.framework.proto"
_LABELS = {
    "required": _Field.LABEL_REQUIRED,
    "optional": _Field.LABEL_OPTIONAL,
    "repeated": _Field.LABEL_REPEATED,
}
_SCALARS = {
    "int32": _Field.TYPE_INT32,
    "int64": _Field.TYPE_INT64,
    "float": _Field.TYPE_FLOAT,
    "double": _Field.TYPE_DOUBLE,
    "bool": _Field.TYPE_BOOL,
    "string": _Field.TYPE_STRING,
}

#: Message, then its fields: label, type, name, number.
_MESSAGES = {
    "Version": "optional int64 version 1",
    "ProgramDesc": "repeated BlockDesc blocks 1, optional Version version 4",
    "BlockDesc": """
        required int32 idx 1, required int32 parent_idx 2,
        repeated VarDesc vars 3, repeated OpDesc ops 4""",
    "VarDesc": "required string name 1, required VarType type 2, optional bool persistable 3",
    "VarType": "required int32 type 1, optional LoDTensorDesc lod_tensor 3",
    "LoDTensorDesc": "required TensorDesc tensor 1, optional int32 lod_level 2",
    "TensorDesc": "required int32 data_type 1, repeated int64 dims 2",
    "OpDesc": """
        required string type 3,
        repeated OpVar inputs 1, repeated OpVar outputs 2, repeated OpAttr attrs 4""",
    "OpVar": "required string parameter 1, repeated string arguments 2",
    "OpAttr": """
        required string name 1, required int32 type 2,
        optional int32 i 3, optional float f 4, optional string s 5,
        repeated int32 ints 6, repeated float floats 7, repeated string strings 8,
        optional bool b 10, repeated bool bools 11, optional int32 block_idx 12,
        optional int64 l 13, repeated int32 blocks_idx 14, repeated int64 longs 15,
        repeated double float64s 16, optional double float64 19""",
}


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="lite_ocr/program.proto", package=_PACKAGE, syntax="proto2"
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for row in fields.split(","):
            label, kind, field, number = row.split()
            entry = message.field.add(name=field, number=int(number), label=_LABELS[label])
            if kind in _SCALARS:
                entry.type = _SCALARS[kind]
            else:
                entry.type = _Field.TYPE_MESSAGE
                entry.type_name = f".{_PACKAGE}.{kind}"
    return file


# A pool of its own: Paddle itself, loaded beside us, registers the same names in the default one.
_pool = descriptor_pool.DescriptorPool()
_pool.Add(_file())


def _message(name: str) -> Message:
    descriptor = _pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")
    return message_factory.GetMessageClass(descriptor)


ProgramDesc = _message("ProgramDesc")
OpDesc = _message("OpDesc")
TensorDesc = _message("TensorDesc")

#: Values of ``OpAttr.type`` that hold a single number, text or truth value, and where.
STRING = 2
SINGLE = {0: "i", STRING: "s", 6: "b", 9: "l"}
#: Values of ``OpAttr.type`` that hold numbers, texts or truth values, one or many, and where.
FIELDS = {**SINGLE, 1: "f", 3: "ints", 4: "floats", 5: "strings", 7: "bools", 11: "longs"}
