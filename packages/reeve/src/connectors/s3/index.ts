/// <reference types="node" preserve="true" />

/**
 * Files in S3, or in storage that speaks its language.
 * @module
 */

export { s3 } from './s3.ts'
