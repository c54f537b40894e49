package main

// Access tokens as Grafana's authentication library makes them (ES256), by the standard library alone.

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"time"
)

const keyID = "apphost"

type signer struct{ key *ecdsa.PrivateKey }

func newSigner() (*signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &signer{key}, err
}

func encode(part []byte) string { return base64.RawURLEncoding.EncodeToString(part) }

func (s *signer) keySet() string {
	x, y := make([]byte, 32), make([]byte, 32)
	key := map[string]any{
		"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": keyID,
		"x": encode(s.key.X.FillBytes(x)), "y": encode(s.key.Y.FillBytes(y)),
	}
	set, _ := json.Marshal(map[string]any{"keys": []any{key}}) // texts alone: can't fail
	return string(set)
}

// token signs claims; without "exp" it is good for a minute.
func (s *signer) token(claims map[string]any) (string, error) {
	whole := map[string]any{"exp": time.Now().Add(time.Minute).Unix(), "sub": "access-policy:apphost"}
	maps.Copy(whole, claims)
	payload, err := json.Marshal(whole)
	if err != nil {
		return "", err
	}
	header := `{"alg":"ES256","typ":"at+jwt","kid":"` + keyID + `"}`
	signed := encode([]byte(header)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(signed))
	r, t, err := ecdsa.Sign(rand.Reader, s.key, digest[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	t.FillBytes(signature[32:])
	return signed + "." + encode(signature), nil
}
