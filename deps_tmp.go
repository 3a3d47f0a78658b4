//go:build deps

package main

import (
	_ "github.com/aws/aws-sdk-go/aws"
	_ "github.com/google/uuid"
	_ "github.com/gorilla/mux"
	_ "github.com/pkg/errors"
	_ "github.com/prometheus/client_golang/prometheus/promhttp"
	_ "github.com/sirupsen/logrus"
	_ "go.etcd.io/bbolt"
	_ "golang.org/x/crypto/bcrypt"
	_ "golang.org/x/sync/errgroup"
)
