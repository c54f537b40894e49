package main_test

// The programs against each other: the Go host on the Go plugins. What they find in the Rust ones is only worth something
// if they agree among themselves, and if a wrong expectation fails.

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

var built string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "interop")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		built = dir
		for name, to := range map[string]string{
			"gohost": "gohost", "descriptors": "descriptors", "goplugin": plugin("gopeer"), "gobench": plugin("gobench"),
		} {
			out, err := exec.Command("go", "build", "-buildvcs=false", "-o", filepath.Join(dir, to), "graftwire.dev/interop/cmd/"+name).CombinedOutput()
			if err != nil {
				fmt.Fprintf(os.Stderr, "%s: %v\n%s", name, err, out)
				return 1
			}
		}
		for name, source := range map[string]string{"gopeer": "../goplugin/plugin.json", "gobench": "../gobench/plugin.json"} {
			about, err := os.ReadFile(source)
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name, "plugin.json"), about, 0o644)
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		return m.Run()
	}())
}

func plugin(name string) string {
	return filepath.Join(name, "gpx_"+name+"_"+runtime.GOOS+"_"+runtime.GOARCH)
}

func gohost(t *testing.T, args ...string) (lines []map[string]any, code int) {
	t.Helper()
	cmd := exec.Command(filepath.Join(built, "gohost"), args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	t.Log(stderr.String())
	scanner := bufio.NewScanner(bytes.NewReader(out))
	scanner.Buffer(nil, 64<<20)
	for scanner.Scan() {
		line := map[string]any{}
		if json.Unmarshal(scanner.Bytes(), &line) == nil {
			lines = append(lines, line)
		}
	}
	return lines, cmd.ProcessState.ExitCode()
}

func find(t *testing.T, lines []map[string]any, call string) map[string]any {
	t.Helper()
	for _, line := range lines {
		if line["call"] == call {
			return line
		}
	}
	t.Fatalf("no call %s", call)
	return nil
}

func TestRunMeetsTheExpectations(t *testing.T) {
	for _, flags := range [][]string{{}, {"--mtls"}, {"--versions", "1,2", "--forward-env"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			args := append([]string{"run", "--plugin", filepath.Join(built, plugin("gopeer")), "--expect", "../../expect/gopeer.json"}, flags...)
			lines, code := gohost(t, args...)
			if code != 0 {
				t.Fatalf("exit code %d: %v", code, lines[len(lines)-1])
			}
			arrow := find(t, lines, "queryData/types")["content"].(map[string]any)["A"].(map[string]any)
			asJSON := find(t, lines, "queryData.json/types")["content"].(map[string]any)["A"].(map[string]any)
			if arrow["format"] != "ARROW" || asJSON["format"] != "JSON" {
				t.Errorf("formats %v and %v", arrow["format"], asJSON["format"])
			}
			a, _ := json.Marshal(arrow["frames"])
			b, _ := json.Marshal(asJSON["frames"])
			if !bytes.Equal(a, b) {
				t.Errorf("frames differ:\n%s\n%s", a, b)
			}
		})
	}
}

func TestRunFailsOnAWrongExpectation(t *testing.T) {
	for name, expected := range map[string]string{
		"wrong outcome": `{"checkHealth":"UNIMPLEMENTED"}`,
		"no such call":  `{"noSuchCall":"ok"}`,
		"nothing named": `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "expect.json")
			if err := os.WriteFile(file, []byte(expected), 0o644); err != nil {
				t.Fatal(err)
			}
			lines, code := gohost(t, "run", "--plugin", filepath.Join(built, plugin("gopeer")), "--expect", file)
			if code != 1 {
				t.Errorf("exit code %d: %v", code, lines[len(lines)-1])
			}
		})
	}
}

func TestQueryComesBackAfterKill(t *testing.T) {
	lines, code := gohost(t, "query", "--plugin", filepath.Join(built, plugin("gopeer")), "-n", "12", "--kill-during", "2",
		"--query", `{"queryType":"sleep","ms":150}`)
	if code != 0 {
		t.Fatalf("exit code %d", code)
	}
	var outcomes []string
	for _, line := range lines {
		if line["call"] == "query" || line["call"] == "restart" {
			outcomes = append(outcomes, fmt.Sprint(line["call"], " ", line["outcome"]))
		}
	}
	if outcomes[0] != "query ok" || outcomes[1] != "query UNAVAILABLE" || find(t, lines, "restart")["ok"] != true ||
		outcomes[len(outcomes)-1] != "query ok" {
		t.Errorf("found %v", outcomes)
	}
}

func TestBenchMeasuresAllOfTheContract(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bench.json")
	_, code := gohost(t, "bench", "--plugin", filepath.Join(built, plugin("gobench")), "--scale", "0.01", "--starts", "1",
		"--idle", "10ms", "--json", file)
	if code != 0 {
		t.Fatalf("exit code %d", code)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte(`"missing"`)) || !bytes.Contains(raw, []byte(`"runStream`)) {
		t.Errorf("%s", raw)
	}
}

func TestDescriptorsAreComplete(t *testing.T) {
	raw, err := exec.Command(filepath.Join(built, "descriptors")).Output()
	if err != nil {
		t.Fatal(err)
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(raw, set); err != nil {
		t.Fatal(err)
	}
	files, err := protodesc.NewFiles(set)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []protoreflect.FullName{
		"pluginv2.Data.QueryChunkedData", "pluginv2.ResourceConversion", "plugin.GRPCBroker", "plugin.GRPCController.Shutdown",
		"plugin.GRPCStdio", "grpc.health.v1.Health", "google.rpc.ErrorInfo",
	} {
		if _, err := files.FindDescriptorByName(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
