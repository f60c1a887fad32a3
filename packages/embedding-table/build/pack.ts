/**
 * One byte a number: the dimensions and the count of rows (u32 each), a scale for each row (f32), then the rows (i8), all
 * little-endian. A number is its byte times the scale of its row.
 */
export function packTable(table: Float32Array, dimensions: number): Uint8Array {
  const rows = table.length / dimensions
  const packed = new Uint8Array(8 + rows * 4 + table.length)
  const view = new DataView(packed.buffer)
  view.setUint32(0, dimensions, true)
  view.setUint32(4, rows, true)
  for (let row = 0; row < rows; row++) {
    const values = table.subarray(row * dimensions, (row + 1) * dimensions)
    let largest = 0
    for (const value of values) largest = Math.max(largest, Math.abs(value))
    view.setFloat32(8 + row * 4, largest / 127, true)
    if (largest === 0) continue
    for (let at = 0; at < dimensions; at++)
      view.setInt8(8 + rows * 4 + row * dimensions + at, Math.round((values[at]! / largest) * 127))
  }
  return packed
}
