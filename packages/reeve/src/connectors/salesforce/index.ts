/// <reference types="node" preserve="true" />

/**
 * Salesforce: records of contacts, accounts, leads, opportunities and cases.
 * @module
 */

export { salesforce } from './salesforce.ts'
