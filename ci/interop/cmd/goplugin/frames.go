package main

// The frames: every field type with its extreme values, the usual shapes, and every key of meta and config.

import (
	"encoding/json"
	"math"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"
)

// everyType has each field type twice, plain and nullable, three rows each; the nullable ones are null in row 1.
func everyType() *data.Frame {
	frame := data.NewFrame("types")
	add(frame, "int8", int8(math.MinInt8), 0, math.MaxInt8)
	add(frame, "int16", int16(math.MinInt16), 0, math.MaxInt16)
	add(frame, "int32", int32(math.MinInt32), 0, math.MaxInt32)
	add(frame, "int64", int64(math.MinInt64), 1<<53+1, math.MaxInt64)
	add(frame, "uint8", uint8(0), 1, math.MaxUint8)
	add(frame, "uint16", uint16(0), 1, math.MaxUint16)
	add(frame, "uint32", uint32(0), 1, math.MaxUint32)
	add(frame, "uint64", uint64(0), 1<<53+1, math.MaxUint64)
	add(frame, "float32", float32(math.Inf(-1)), math.SmallestNonzeroFloat32, math.MaxFloat32)
	add(frame, "float64", math.NaN(), math.Inf(1), math.MaxFloat64)
	add(frame, "string", "", "grüße ☕\nline \"two\"", "plain")
	add(frame, "bool", true, false, true)
	add(frame, "time", time.Unix(0, 0).UTC(), time.Unix(1_700_000_000, 123_456_789).UTC(), time.Date(1900, 1, 1, 0, 0, 0, 1, time.UTC))
	add(frame, "json", json.RawMessage(`{"a":[1,null]}`), json.RawMessage(`"text"`), json.RawMessage(`12345678901234567890`))
	add(frame, "enum", data.EnumItemIndex(2), 0, 1)
	for _, field := range frame.Fields {
		if field.Type().NonNullableType() == data.FieldTypeEnum {
			field.Config = &data.FieldConfig{TypeConfig: &data.FieldTypeConfig{Enum: &data.EnumFieldConfig{
				Text: []string{"idle", "busy", "gone"}, Color: []string{"green", "yellow", "red"},
			}}}
		}
	}
	return frame
}

func add[T any](frame *data.Frame, name string, a, b, c T) {
	frame.Fields = append(frame.Fields,
		data.NewField(name, nil, []T{a, b, c}),
		data.NewField(name+" or null", nil, []*T{&a, nil, &c}))
}

func wide(from time.Time) *data.Frame {
	frame := data.NewFrame("wide",
		data.NewField("time", nil, []time.Time{from, from.Add(time.Second), from.Add(2 * time.Second)}),
		data.NewField("load", data.Labels{"host": "a", "zone": "north"}, []float64{0.5, 1.5, 2.5}),
		data.NewField("load", data.Labels{"host": "b", "zone": "süd"}, []*float64{nil, ptr(-1.0), nil}))
	frame.Meta = &data.FrameMeta{Type: data.FrameTypeTimeSeriesWide, TypeVersion: data.FrameTypeVersion{0, 1}}
	return frame
}

func long(from time.Time) *data.Frame {
	later := from.Add(time.Second)
	frame := data.NewFrame("long",
		data.NewField("time", nil, []time.Time{from, from, later, later}),
		data.NewField("load", nil, []float64{1, 2, 3, 4}),
		data.NewField("host", nil, []string{"a", "b", "a", "b"}))
	frame.Meta = &data.FrameMeta{Type: data.FrameTypeTimeSeriesLong, TypeVersion: data.FrameTypeVersion{0, 1}}
	return frame
}

func noRows() *data.Frame {
	return data.NewFrame("no rows", data.NewField("value", nil, []float64{}))
}

func everyMeta() *data.Frame {
	values := data.NewField("value", data.Labels{"k": "v"}, []float64{1, 99})
	values.Config = everyConfig()
	frame := data.NewFrame("meta", values)
	frame.RefID = "own"
	frame.Meta = &data.FrameMeta{
		Type: data.FrameTypeNumericWide, TypeVersion: data.FrameTypeVersion{0, 1},
		Path: "a/b", PathSeparator: "/", Channel: "ds/uid/ticks", ExecutedQueryString: "select 1",
		PreferredVisualization: data.VisTypeTable, PreferredVisualizationPluginID: "table",
		DataTopic: data.DataTopicAnnotations, UniqueRowIDFields: []int{0},
		Custom: map[string]any{"nested": map[string]any{"n": 1}},
		Stats:  []data.QueryStat{{FieldConfig: data.FieldConfig{DisplayName: "rows read", Unit: "short"}, Value: 7}},
		Notices: []data.Notice{
			{Severity: data.NoticeSeverityInfo, Text: "for your information"},
			{Severity: data.NoticeSeverityWarning, Text: "cut at 2 rows", Link: "https://example.com", Inspect: data.InspectTypeStats},
			{Severity: data.NoticeSeverityError, Text: "half of it failed", Inspect: data.InspectTypeError},
		},
	}
	return frame
}

func everyConfig() *data.FieldConfig {
	config := &data.FieldConfig{
		DisplayName: "shown", DisplayNameFromDS: "named", Path: "a/b/value", Description: "what it is",
		Filterable: ptr(true), Writeable: ptr(false), Unit: "bytes", Decimals: ptr(uint16(2)),
		Interval: 1000, NoValue: "-", Color: map[string]any{"mode": "thresholds"},
		Links:  []data.DataLink{{Title: "more", TargetBlank: true, URL: "https://example.com/${__value.raw}"}},
		Custom: map[string]any{"lineWidth": 2},
		Thresholds: &data.ThresholdsConfig{Mode: data.ThresholdsModeAbsolute, Steps: []data.Threshold{
			data.NewThreshold(math.Inf(-1), "green", ""), data.NewThreshold(80, "red", ""),
		}},
		Mappings: data.ValueMappings{
			data.ValueMapper{"99": {Text: "full", Color: "red", Index: 0}},
			data.RangeValueMapper{From: ptr(data.ConfFloat64(0)), To: ptr(data.ConfFloat64(1)), Result: data.ValueMappingResult{Text: "low"}},
			data.SpecialValueMapper{Match: data.SpecialValueNull, Result: data.ValueMappingResult{Text: "nothing"}},
		},
	}
	return config.SetMin(0).SetMax(100)
}

func ptr[T any](value T) *T { return &value }
