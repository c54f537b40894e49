package main

// What a process costs, read from /proc: memory, threads, processor time. On other systems all of it is zero.

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// footprint is /proc/PID/status at one moment, sizes in KiB.
type footprint struct {
	RSS     int `json:"vmRssKiB"`
	Anon    int `json:"rssAnonKiB"`
	File    int `json:"rssFileKiB"`
	Peak    int `json:"vmHwmKiB"`
	Threads int `json:"threads"`
}

func readFootprint(pid int) footprint {
	var f footprint
	wanted := map[string]*int{"VmRSS": &f.RSS, "RssAnon": &f.Anon, "RssFile": &f.File, "VmHWM": &f.Peak, "Threads": &f.Threads}
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(raw)) {
		name, rest, _ := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		if to, ok := wanted[name]; ok && len(fields) > 0 {
			*to, _ = strconv.Atoi(fields[0])
		}
	}
	return f
}

// processorTimes is the time each thread of a process has spent on a processor so far, from the scheduler's own count in
// nanoseconds; the times in /proc/PID/stat go by steps of 10 ms.
func processorTimes(pid int) map[string]time.Duration {
	times := map[string]time.Duration{}
	threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, thread := range threads {
		raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/schedstat", pid, thread.Name()))
		if fields := strings.Fields(string(raw)); len(fields) > 0 {
			nanos, _ := strconv.ParseInt(fields[0], 10, 64)
			times[thread.Name()] = time.Duration(nanos)
		}
	}
	return times
}

// spentSince is the processor time of a process since an earlier look. What a thread did that has ended since is lost.
func spentSince(before map[string]time.Duration, pid int) time.Duration {
	var spent time.Duration
	for thread, now := range processorTimes(pid) {
		spent += now - before[thread]
	}
	return spent
}

// forgetPeak lets VmHWM begin anew at what is resident now.
func forgetPeak(pid int) {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}

func loadAverage() string {
	raw, _ := os.ReadFile("/proc/loadavg")
	return strings.TrimSpace(string(raw))
}
