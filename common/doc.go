// Package common holds what every room needs: the one Error with its Kinds, and Tags. It is a leaf: it imports no other room.
package common
