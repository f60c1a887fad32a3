/// <reference types="node" preserve="true" />

/**
 * Files below one folder of this machine, as a connector: with a sandbox, and with undo.
 * @module
 */

export { files } from './files.ts'
