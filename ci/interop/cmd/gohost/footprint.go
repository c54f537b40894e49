package main

// What a process costs, read from /proc: memory, threads, processor time. On other systems all of it is zero.

import (
	"bytes"
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

// userHz is the unit of the times in /proc/PID/stat; it has been 100 on every Linux architecture Grafana runs on.
const userHz = 100

// processorTime is user and system time of all threads so far, in steps of 10 ms.
func processorTime(pid int) time.Duration {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// the name in brackets may hold blanks; after it, fields 14 and 15 of the line are the 12th and 13th
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / userHz
}

func loadAverage() string {
	raw, _ := os.ReadFile("/proc/loadavg")
	return strings.TrimSpace(string(raw))
}
