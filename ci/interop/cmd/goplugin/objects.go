package main

// Admission and conversion of objects. An object that is JSON with "deny" is refused, one with "warn" gets a warning; mutation adds
// "mutated" and leaves what is no JSON object (such as settings in protobuf) as it is; conversion sets apiVersion.

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
)

type admission struct{}

func (admission) ValidateAdmission(_ context.Context, req *backend.AdmissionRequest) (*backend.ValidationResponse, error) {
	object, _ := asObject(req.ObjectBytes)
	refusal, warnings := judge(req, object)
	return &backend.ValidationResponse{Allowed: refusal == nil, Result: refusal, Warnings: warnings}, nil
}

func (admission) MutateAdmission(_ context.Context, req *backend.AdmissionRequest) (*backend.MutationResponse, error) {
	object, isObject := asObject(req.ObjectBytes)
	refusal, warnings := judge(req, object)
	resp := &backend.MutationResponse{Allowed: refusal == nil, Result: refusal, Warnings: warnings}
	if refusal != nil {
		return resp, nil
	}
	resp.ObjectBytes = req.ObjectBytes
	if isObject {
		object["mutated"] = req.Operation.String()
		bytes, err := json.Marshal(object)
		if err != nil {
			return nil, err
		}
		resp.ObjectBytes = bytes
	}
	return resp, nil
}

func judge(req *backend.AdmissionRequest, object map[string]any) (*backend.StatusResult, []string) {
	var warnings []string
	if text, ok := object["warn"].(string); ok {
		warnings = []string{text, fmt.Sprintf("kind %s/%s %s", req.Kind.Group, req.Kind.Version, req.Kind.Kind)}
	}
	if text, ok := object["deny"].(string); ok {
		return &backend.StatusResult{Status: "Failure", Message: text, Reason: "Invalid", Code: http.StatusUnprocessableEntity}, warnings
	}
	return nil, warnings
}

func asObject(raw []byte) (map[string]any, bool) {
	var object map[string]any
	err := json.Unmarshal(raw, &object)
	return object, err == nil && object != nil
}

type conversion struct{}

func (conversion) ConvertObjects(_ context.Context, req *backend.ConversionRequest) (*backend.ConversionResponse, error) {
	resp := &backend.ConversionResponse{UID: req.UID, Result: &backend.StatusResult{Status: "Success", Code: http.StatusOK}}
	for i, raw := range req.Objects {
		object, ok := asObject(raw.Raw)
		if !ok {
			return &backend.ConversionResponse{UID: req.UID, Result: &backend.StatusResult{
				Status: "Failure", Reason: "BadRequest", Code: http.StatusBadRequest,
				Message: fmt.Sprintf("objects[%d]: found %q, expected a JSON object", i, raw.ContentType),
			}}, nil
		}
		object["apiVersion"] = req.TargetVersion.Group + "/" + req.TargetVersion.Version
		bytes, err := json.Marshal(object)
		if err != nil {
			return nil, err
		}
		resp.Objects = append(resp.Objects, backend.RawObject{Raw: bytes, ContentType: raw.ContentType})
	}
	return resp, nil
}
