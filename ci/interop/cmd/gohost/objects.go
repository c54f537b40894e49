package main

// ValidateAdmission, MutateAdmission and ConvertObjects.

import (
	"context"
	"fmt"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
)

func (r *runner) objects() {
	for _, spec := range r.script.Admission {
		r.call("validateAdmission/"+spec.Name, func(ctx context.Context) (any, error) {
			resp, err := r.process.admission.ValidateAdmission(ctx, r.admissionRequest(spec))
			if err != nil {
				return nil, err
			}
			content := map[string]any{"allowed": resp.Allowed, "result": resp.Result, "warnings": resp.Warnings}
			return content, allowed(resp.Allowed)
		})
		r.call("mutateAdmission/"+spec.Name, func(ctx context.Context) (any, error) {
			resp, err := r.process.admission.MutateAdmission(ctx, r.admissionRequest(spec))
			if err != nil {
				return nil, err
			}
			content := map[string]any{
				"allowed": resp.Allowed, "result": resp.Result, "warnings": resp.Warnings, "object": jsonOrText(resp.ObjectBytes),
			}
			return content, allowed(resp.Allowed)
		})
	}
	for _, spec := range r.script.Conversion {
		r.call("convertObjects/"+spec.Name, func(ctx context.Context) (any, error) { return r.convert(ctx, spec) })
	}
}

func (r *runner) admissionRequest(spec admissionSpec) *pluginv2.AdmissionRequest {
	return &pluginv2.AdmissionRequest{
		PluginContext:  backend.ToProto().PluginContext(r.context),
		Operation:      pluginv2.AdmissionRequest_Operation(pluginv2.AdmissionRequest_Operation_value[spec.Operation]),
		Kind:           backend.ToProto().GroupVersionKind(&spec.Kind),
		ObjectBytes:    spec.Object,
		OldObjectBytes: spec.OldObject,
	}
}

func allowed(yes bool) error {
	if yes {
		return nil
	}
	return said("denied")
}

func (r *runner) convert(ctx context.Context, spec conversionSpec) (any, error) {
	req := &backend.ConversionRequest{PluginContext: r.context, UID: "interop-" + spec.Name, TargetVersion: spec.Target}
	for _, object := range spec.Objects {
		req.Objects = append(req.Objects, backend.RawObject{Raw: object, ContentType: "application/json"})
	}
	resp, err := r.process.conversion.ConvertObjects(ctx, backend.ToProto().ConversionRequest(req))
	if err != nil {
		return nil, err
	}
	var objects []any
	for _, object := range resp.Objects {
		objects = append(objects, map[string]any{"contentType": object.ContentType, "raw": jsonOrText(object.Raw)})
	}
	content := map[string]any{"uid": resp.Uid, "result": resp.Result, "objects": objects}
	if resp.Result != nil && resp.Result.Status == "Failure" {
		return content, said("failure")
	}
	if len(resp.Objects) != len(req.Objects) {
		return content, finding{"OBJECTS", fmt.Errorf("%d objects came back, %d were sent", len(resp.Objects), len(req.Objects))}
	}
	return content, nil
}
