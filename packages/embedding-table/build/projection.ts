/** A mean, and directions of unit length, the one of most variance first. */
export interface Projection {
  mean: Float64Array
  /** One after the other. */
  directions: Float64Array[]
}

/** The principal components of rows of `width` numbers. */
export function principalComponents(rows: Float32Array, width: number, count: number): Projection {
  const total = rows.length / width
  const mean = new Float64Array(width)
  for (let at = 0; at < rows.length; at++) mean[at % width]! += rows[at]! / total
  const covariance = Array.from({ length: width }, () => new Float64Array(width))
  const centred = new Float64Array(width)
  for (let row = 0; row < total; row++) {
    for (let at = 0; at < width; at++) centred[at] = rows[row * width + at]! - mean[at]!
    for (let left = 0; left < width; left++) {
      const line = covariance[left]!
      const value = centred[left]!
      for (let right = left; right < width; right++) line[right]! += value * centred[right]!
    }
  }
  for (let left = 0; left < width; left++)
    for (let right = 0; right < left; right++) covariance[left]![right] = covariance[right]![left]!
  const { values, vectors } = eigen(covariance)
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]!).slice(0, count)
  // A direction and its opposite are as good: the one whose first numbers add up to more, on every machine.
  return { mean, directions: order.map((at) => signed(Float64Array.from(vectors, (line) => line[at]!))) }
}

/** A row in the directions of a projection; `isCentred`: its mean is taken away. */
export function project(
  row: Float32Array,
  { mean, directions }: Projection,
  into: Float32Array,
  isCentred = true,
): void {
  for (let to = 0; to < directions.length; to++) {
    const direction = directions[to]!
    let sum = 0
    for (let at = 0; at < row.length; at++) sum += (row[at]! - (isCentred ? mean[at]! : 0)) * direction[at]!
    into[to] = sum
  }
}

function signed(direction: Float64Array): Float64Array {
  const sum = direction.reduce((all, value) => all + value, 0)
  return sum < 0 ? direction.map((value) => -value) : direction
}

/** Of a symmetric matrix, by Jacobi's rotations; the vectors are the columns. */
function eigen(matrix: Float64Array[]): { values: Float64Array; vectors: Float64Array[] } {
  const size = matrix.length
  const vectors = Array.from({ length: size }, (_, at) => {
    const line = new Float64Array(size)
    line[at] = 1
    return line
  })
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0
    let diagonal = 0
    for (let p = 0; p < size; p++) {
      diagonal += matrix[p]![p]! ** 2
      for (let q = p + 1; q < size; q++) off += matrix[p]![q]! ** 2
    }
    if (off < diagonal * 1e-18) break
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(matrix, vectors, p, q)
  }
  return { values: Float64Array.from(matrix, (line, at) => line[at]!), vectors }
}

function rotate(matrix: Float64Array[], vectors: Float64Array[], p: number, q: number): void {
  const [lineP, lineQ] = [matrix[p]!, matrix[q]!]
  const value = lineP[q]!
  if (value === 0) return
  const angle = (lineQ[q]! - lineP[p]!) / (2 * value)
  const tangent = Math.sign(angle || 1) / (Math.abs(angle) + Math.sqrt(angle * angle + 1))
  const cosine = 1 / Math.sqrt(tangent * tangent + 1)
  const sine = tangent * cosine
  for (let at = 0; at < matrix.length; at++) {
    const [left, right] = [matrix[at]![p]!, matrix[at]![q]!]
    matrix[at]![p] = cosine * left - sine * right
    matrix[at]![q] = sine * left + cosine * right
  }
  for (let at = 0; at < matrix.length; at++) {
    const [left, right] = [lineP[at]!, lineQ[at]!]
    lineP[at] = cosine * left - sine * right
    lineQ[at] = sine * left + cosine * right
    const [first, second] = [vectors[at]![p]!, vectors[at]![q]!]
    vectors[at]![p] = cosine * first - sine * second
    vectors[at]![q] = sine * first + cosine * second
  }
}
