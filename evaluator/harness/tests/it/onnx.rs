//! Small ONNX files made by tests: models that no exporter would write.

use std::path::PathBuf;

use prost::Message;
use tempfile::TempDir;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto, attribute_proto, type_proto,
};

/// A model under construction; its input is `x` and its output is `y`.
#[derive(Default)]
pub(crate) struct Graph {
    nodes: Vec<NodeProto>,
    weights: Vec<TensorProto>,
    whole_numbers: bool,
}

impl Graph {
    pub(crate) fn node(mut self, operator: &str, inputs: &[&str], output: &str) -> Self {
        self.nodes.push(NodeProto {
            op_type: operator.to_owned(),
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![output.to_owned()],
            ..NodeProto::default()
        });
        self
    }

    /// Gives the last node a whole number.
    pub(crate) fn attribute(mut self, name: &str, value: i64) -> Self {
        let attribute = AttributeProto {
            name: name.to_owned(),
            r#type: attribute_proto::AttributeType::Int.into(),
            i: value,
            ..AttributeProto::default()
        };
        self.nodes.last_mut().unwrap().attribute.push(attribute);
        self
    }

    /// Has the model take its input as whole numbers of 64 bits.
    pub(crate) fn takes_whole_numbers(mut self) -> Self {
        self.whole_numbers = true;
        self
    }

    pub(crate) fn numbers(mut self, name: &str, dims: &[i64], numbers: &[f32]) -> Self {
        self.weights.push(TensorProto {
            name: name.to_owned(),
            dims: dims.to_vec(),
            data_type: DataType::Float.into(),
            float_data: numbers.to_vec(),
            ..TensorProto::default()
        });
        self
    }

    pub(crate) fn sizes(mut self, name: &str, sizes: &[i64]) -> Self {
        self.weights.push(TensorProto {
            name: name.to_owned(),
            dims: vec![i64::try_from(sizes.len()).unwrap()],
            data_type: DataType::Int64.into(),
            int64_data: sizes.to_vec(),
            ..TensorProto::default()
        });
        self
    }

    /// A weight whose bytes are said to be in another file.
    pub(crate) fn elsewhere(mut self, name: &str, dims: &[i64], path: &str) -> Self {
        let entry = tract_onnx::pb::StringStringEntryProto {
            key: "location".to_owned(),
            value: path.to_owned(),
        };
        self.weights.push(TensorProto {
            name: name.to_owned(),
            dims: dims.to_vec(),
            data_type: DataType::Float.into(),
            data_location: Some(tract_onnx::pb::tensor_proto::DataLocation::External.into()),
            external_data: vec![entry],
            ..TensorProto::default()
        });
        self
    }

    /// This graph and another one behind it.
    pub(crate) fn then(mut self, next: Self) -> Self {
        self.nodes.extend(next.nodes);
        self.weights.extend(next.weights);
        self
    }

    pub(crate) fn bytes(self) -> Vec<u8> {
        let dtype = if self.whole_numbers { DataType::Int64 } else { DataType::Float };
        let graph = GraphProto {
            name: "test".to_owned(),
            node: self.nodes,
            initializer: self.weights,
            input: vec![value("x", dtype, &[None, Some(64)])],
            output: vec![value("y", DataType::Float, &[None, None])],
            ..GraphProto::default()
        };
        let opset = OperatorSetIdProto { domain: String::new(), version: 13 };
        let model = ModelProto {
            ir_version: 8,
            opset_import: vec![opset],
            graph: Some(graph),
            ..ModelProto::default()
        };
        model.encode_to_vec()
    }

    /// The model as a file, which lives as long as the folder.
    pub(crate) fn file(self) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.onnx");
        std::fs::write(&path, self.bytes()).unwrap();
        (folder, path)
    }
}

fn value(name: &str, dtype: DataType, sides: &[Option<i64>]) -> ValueInfoProto {
    let dim = |side: &Option<i64>| Dimension {
        denotation: String::new(),
        value: Some(match side {
            Some(side) => dimension::Value::DimValue(*side),
            None => dimension::Value::DimParam("N".to_owned()),
        }),
    };
    let tensor = type_proto::Tensor {
        elem_type: dtype.into(),
        shape: Some(TensorShapeProto { dim: sides.iter().map(dim).collect() }),
    };
    let kind =
        TypeProto { denotation: String::new(), value: Some(type_proto::Value::TensorType(tensor)) };
    ValueInfoProto { name: name.to_owned(), r#type: Some(kind), doc_string: String::new() }
}
