// Command descriptors writes what Grafana's Go SDK and go-plugin compiled in as their protobuf descriptors, so that our
// own .proto text can be compared with it field by field. The descriptors come from the Go registry, where importing a
// package puts them: go-plugin's are in an internal package and can be reached in no other way. It compares nothing.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	_ "github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	_ "github.com/hashicorp/go-plugin"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails"
	_ "google.golang.org/genproto/googleapis/rpc/status"
	_ "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

var packages = []protoreflect.FullName{"pluginv2", "plugin", "grpc.health.v1", "google.rpc"}

func main() {
	out := flag.String("out", "", "file to write the FileDescriptorSet to (default: stdout)")
	flag.Parse()
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "descriptors:", err)
		os.Exit(1)
	}
}

func write(out string) error {
	set, err := collect()
	if err != nil {
		return err
	}
	bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	if err != nil {
		return err
	}
	if out == "" {
		_, err = os.Stdout.Write(bytes)
		return err
	}
	return os.WriteFile(out, bytes, 0o644)
}

// collect gathers the files of the wanted packages and what they import, each file after its imports.
func collect() (*descriptorpb.FileDescriptorSet, error) {
	var wanted []protoreflect.FileDescriptor
	found := map[protoreflect.FullName]bool{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if slices.Contains(packages, file.Package()) {
			wanted = append(wanted, file)
			found[file.Package()] = true
		}
		return true
	})
	if len(found) != len(packages) {
		return nil, fmt.Errorf("found the packages %v, expected %v", found, packages)
	}
	slices.SortFunc(wanted, func(a, b protoreflect.FileDescriptor) int {
		return strings.Compare(a.Path(), b.Path())
	})
	set := &descriptorpb.FileDescriptorSet{}
	seen := map[string]bool{}
	for _, file := range wanted {
		add(set, seen, file)
	}
	return set, nil
}

func add(set *descriptorpb.FileDescriptorSet, seen map[string]bool, file protoreflect.FileDescriptor) {
	if seen[file.Path()] {
		return
	}
	seen[file.Path()] = true
	for i := range file.Imports().Len() {
		add(set, seen, file.Imports().Get(i).FileDescriptor)
	}
	set.File = append(set.File, protodesc.ToFileDescriptorProto(file))
}
