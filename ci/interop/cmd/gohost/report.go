package main

// Numbers out of measured times, and how `bench` prints them.

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// summary is a set of times in microseconds.
type summary struct {
	Count        int     `json:"count"`
	MinMicros    float64 `json:"minMicros"`
	MedianMicros float64 `json:"medianMicros"`
	P99Micros    float64 `json:"p99Micros"`
	MeanMicros   float64 `json:"meanMicros"`
}

func summarize(times []time.Duration) summary {
	if len(times) == 0 {
		return summary{}
	}
	sorted := slices.Sorted(slices.Values(times))
	var total time.Duration
	for _, t := range sorted {
		total += t
	}
	at := func(share float64) float64 { return micros(sorted[int(share*float64(len(sorted)-1)+0.5)]) }
	return summary{
		Count: len(sorted), MinMicros: at(0), MedianMicros: at(0.5), P99Micros: at(0.99),
		MeanMicros: micros(total) / float64(len(sorted)),
	}
}

func micros(d time.Duration) float64       { return float64(d.Nanoseconds()) / 1e3 }
func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

func (o *benchOptions) report(subjects []*subject, about map[string]any) error {
	about["go"], about["os"], about["arch"], about["processors"] = runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU()
	about["starts"], about["rounds"], about["scale"] = o.starts, o.rounds, o.scale
	results := []subjectResult{}
	for _, s := range subjects {
		results = append(results, s.result)
	}
	raw, err := json.MarshalIndent(map[string]any{"about": about, "plugins": results}, "", "  ")
	if err != nil {
		return err
	}
	switch o.jsonFile {
	case "-":
		_, err = fmt.Printf("%s\n", raw)
		return err
	case "":
	default:
		if err := os.WriteFile(o.jsonFile, append(raw, '\n'), 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("load before %v, after %v; %v processors; %v\n", about["loadBefore"], about["loadAfter"], about["processors"], about["go"])
	return table(results)
}

// table has a line per quantity and a column per plugin.
func table(results []subjectResult) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	line := func(name string, cell func(subjectResult) string) {
		cells := []string{name}
		for _, r := range results {
			cells = append(cells, cell(r))
		}
		fmt.Fprintln(out, strings.Join(cells, "\t")+"\t")
	}
	line("", func(r subjectResult) string { return r.Name })
	line("file, KiB", func(r subjectResult) string { return fmt.Sprint(r.FileBytes >> 10) })
	line("start to line, ms (median, p99)", func(r subjectResult) string {
		return fmt.Sprintf("%.2f %.2f", r.Start.MedianMicros/1e3, r.Start.P99Micros/1e3)
	})
	line("idle VmRSS, KiB", func(r subjectResult) string { return fmt.Sprint(r.Idle.RSS) })
	line("idle RssAnon, KiB", func(r subjectResult) string { return fmt.Sprint(r.Idle.Anon) })
	line("idle threads", func(r subjectResult) string { return fmt.Sprint(r.Idle.Threads) })
	for i, w := range results[0].Workloads {
		cell := func(show func(workloadResult) string) func(subjectResult) string {
			return func(r subjectResult) string {
				if r.Workloads[i].Missing != "" {
					return "missing"
				}
				return show(r.Workloads[i])
			}
		}
		line(w.Name+", µs (median, p99)", cell(func(w workloadResult) string {
			return fmt.Sprintf("%.0f %.0f", w.Latency.MedianMicros, w.Latency.P99Micros)
		}))
		line("plugin CPU, µs per call", cell(func(w workloadResult) string { return fmt.Sprintf("%.0f", w.CPUMicros) }))
		if w.Unit != "" {
			line(w.Unit+" per s", cell(func(w workloadResult) string { return fmt.Sprintf("%.0f", w.PerSecond) }))
		}
		line("VmRSS then, KiB", cell(func(w workloadResult) string { return fmt.Sprint(w.RSSAfter) }))
		line("VmHWM in it, KiB", cell(func(w workloadResult) string { return fmt.Sprint(w.Peak) }))
	}
	line("peak VmHWM, KiB", func(r subjectResult) string { return fmt.Sprint(r.After.Peak) })
	line("threads at the end", func(r subjectResult) string { return fmt.Sprint(r.After.Threads) })
	line("Shutdown to exit, ms", func(r subjectResult) string {
		if !r.Farewell.ByItself {
			return "killed"
		}
		return fmt.Sprintf("%.1f", r.StopMS)
	})
	if err := out.Flush(); err != nil {
		return err
	}
	for _, r := range results {
		for _, w := range r.Workloads {
			if w.Missing != "" {
				fmt.Printf("%s: %s not measured: %s\n", r.Name, w.Name, w.Missing)
			}
		}
	}
	return nil
}
