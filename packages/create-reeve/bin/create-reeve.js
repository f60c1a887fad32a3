#!/usr/bin/env node
// Runs on every Node from 20.12 on: the project that it makes brings its own Node where this one is too old for it.
import '../dist/main.js'
