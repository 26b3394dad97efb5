package main

type network struct{}

func (*network) remove() {}
