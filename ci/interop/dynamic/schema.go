// Package dynamic speaks any package of the repository's proto/ folder without generated Go code: the compiled
// descriptors (crates/protocol/src/descriptors.bin) are read when a program starts, messages are made from JSON and
// printed as JSON, calls and services are built by method name. It knows no message by itself; what a field means is the
// caller's business.
package dynamic

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Variable names the file of descriptors in the environment.
const Variable = "GRAFTWIRE_DESCRIPTORS"

// inRepository is where the descriptors are, seen from the root of the repository.
const inRepository = "crates/protocol/src/descriptors.bin"

// Schema is what the descriptors say.
type Schema struct {
	files *protoregistry.Files
	types *dynamicpb.Types
}

// Load reads the descriptors from a file: the one given, or the one that Variable names, or the one of the repository
// that the working directory is in.
func Load(file string) (*Schema, error) {
	file, err := locate(file)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(raw, set); err != nil {
		return nil, fmt.Errorf("%s: no FileDescriptorSet: %w", file, err)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &Schema{files: files, types: dynamicpb.NewTypes(files)}, nil
}

func locate(file string) (string, error) {
	if file != "" {
		return file, nil
	}
	if named := os.Getenv(Variable); named != "" {
		return named, nil
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		file := filepath.Join(folder, filepath.FromSlash(inRepository))
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
		above := filepath.Dir(folder)
		if above == folder {
			return "", fmt.Errorf("no descriptors: set %s or run below the folder that has %s", Variable, inRepository)
		}
		folder = above
	}
}

// New is an empty message, by its full name: "models.DatasourceRequest".
func (s *Schema) New(message string) (*dynamicpb.Message, error) {
	found, err := s.find(message)
	if err != nil {
		return nil, err
	}
	descriptor, ok := found.(protoreflect.MessageDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s is a %T, expected a message", message, found)
	}
	return dynamicpb.NewMessage(descriptor), nil
}

// Parse makes a message from protobuf's JSON. Unknown fields are an error.
func (s *Schema) Parse(message string, text []byte) (*dynamicpb.Message, error) {
	made, err := s.New(message)
	if err != nil {
		return nil, err
	}
	return made, s.fill(made, text)
}

func (s *Schema) fill(message proto.Message, text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if err := (protojson.UnmarshalOptions{Resolver: s.types}).Unmarshal(text, message); err != nil {
		return fmt.Errorf("%s: %w", message.ProtoReflect().Descriptor().FullName(), err)
	}
	return nil
}

// JSON is a message in protobuf's JSON: 64-bit numbers are texts, bytes are base64, what is empty is left out.
func (s *Schema) JSON(message proto.Message) (json.RawMessage, error) {
	return (protojson.MarshalOptions{Resolver: s.types}).Marshal(message)
}

// Method is a method by its path on the wire: "/models.DatasourcePlugin/Query".
func (s *Schema) Method(path string) (protoreflect.MethodDescriptor, error) {
	service, name, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !ok {
		return nil, fmt.Errorf("%q is no method, expected /package.Service/Method", path)
	}
	found, err := s.find(service)
	if err != nil {
		return nil, err
	}
	descriptor, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s is a %T, expected a service", service, found)
	}
	method := descriptor.Methods().ByName(protoreflect.Name(name))
	if method == nil {
		return nil, fmt.Errorf("service %s has no method %s", service, name)
	}
	return method, nil
}

func (s *Schema) find(name string) (protoreflect.Descriptor, error) {
	found, err := s.files.FindDescriptorByName(protoreflect.FullName(name))
	if errors.Is(err, protoregistry.NotFound) {
		return nil, fmt.Errorf("the descriptors have no %s", name)
	}
	return found, err
}
