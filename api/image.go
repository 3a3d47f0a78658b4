package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"

	"ecs-api/common"
	"ecs-api/registry"
)

// Images answers what registries hold.
type Images interface {
	// Image tells what a reference stands for. Invalid, NotFound, Throttled, Failed, Unavailable or Deadline.
	Image(ctx context.Context, reference string, auth *registry.Auth) (*registry.Image, error)
	// Check says with the same errors whether there is one.
	Check(ctx context.Context, reference string, auth *registry.Auth) error
}

// imageInput names an image, and who asks its registry.
type imageInput struct {
	Image string  `query:"image" required:"true" doc:"An image as a task definition would name it." json:"-"`
	Auth  *string `header:"X-Registry-Auth" doc:"Credentials for the registry: the base64 of {username, password} in JSON." json:"-"`

	auth *registry.Auth
}

// Validate reads the credentials as well. What is wrong with them is told without them.
func (in *imageInput) Validate() []common.Violation {
	var broken []common.Violation
	if in.Image == "" {
		broken = append(broken, common.Violation{Pointer: "/query/image", Detail: "is required"})
	}
	if in.Auth != nil {
		auth, ok := registryAuth(*in.Auth)
		if !ok {
			broken = append(broken, common.Violation{Pointer: "/header/X-Registry-Auth",
				Detail: `the header X-Registry-Auth must be the base64 of {"username": "…", "password": "…"}`})
		}
		in.auth = auth
	}
	return broken
}

// registryAuth reads base64 of either alphabet, padded or not: clients of Docker send each of them.
func registryAuth(header string) (*registry.Auth, bool) {
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(header)
	if unpadded := strings.TrimRight(plain, "="); len(unpadded) != len(plain) {
		if len(plain)%4 != 0 || len(plain)-len(unpadded) > 2 {
			return nil, false
		}
		plain = unpadded
	}
	decoded, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil, false
	}
	var auth *registry.Auth
	decoder := json.NewDecoder(strings.NewReader(string(decoded)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&auth); err != nil || auth == nil || auth.Username == "" || auth.Password == "" {
		return nil, false
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, false
	}
	return auth, true
}

func showImage(images Images) func(context.Context, *imageInput) (*registry.Image, error) {
	return func(ctx context.Context, in *imageInput) (*registry.Image, error) {
		return images.Image(ctx, in.Image, in.auth)
	}
}

func checkImage(images Images) func(context.Context, *imageInput) (text, error) {
	return func(ctx context.Context, in *imageInput) (text, error) {
		return "", images.Check(ctx, in.Image, in.auth)
	}
}
