// The arithmetic of a score: docs/spec/09-aggregation.md, in whole numbers throughout.

const MAX_U64 = 2n ** 64n - 1n;
const min = (a, b) => (a < b ? a : b);
const max = (a, b) => (a > b ? a : b);
const floorHalf = (sum) => (sum - (((sum % 2n) + 2n) % 2n)) / 2n;

/** Floor of the square root. */
function root(n) {
  if (n < 2n) return n;
  let guess = BigInt(Math.floor(Math.sqrt(Number(n)))) + 1n;
  for (;;) {
    const better = (guess + n / guess) / 2n;
    if (better >= guess) return guess;
    guess = better;
  }
}

/** The score of a sum over items. */
export function fold(way, sum, items) {
  const [total, count] = [BigInt(sum), BigInt(items)];
  const mean = (total - (((total % count) + count) % count)) / count;
  if (way === "mean") return mean;
  if (way === "root_mean" && mean >= 0n) return root(mean);
  throw new Error(`${way} of ${sum} is not a score`);
}

/** The middle of weighted values; the floor of the two middles where the weight splits evenly. */
function median(entries) {
  const sorted = entries.filter(({ weight }) => weight > 0n);
  sorted.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0));
  const total = sorted.reduce((sum, { weight }) => sum + weight, 0n);
  if (total === 0n) throw new Error("no seats revealed");
  const first = (reached) => {
    let sum = 0n;
    return sorted.find(({ weight }) => {
      sum += weight;
      return reached(2n * sum);
    }).value;
  };
  return floorHalf(first((twice) => twice >= total) + first((twice) => twice > total));
}

/** Score, dispersion and tolerance of what members revealed. */
export function aggregate(shown, mode, { sigma, checks }) {
  const middle = median(shown.map(({ score, seats }) => ({ value: score, weight: seats })));
  const distance = (score) => (score > middle ? score - middle : middle - score);
  const dispersion = median(shown.map(({ score, seats }) => ({ value: distance(score), weight: seats })));
  if (mode === "exact") return { median: middle, dispersion, tolerance: 0n };
  const low = BigInt(checks.tolerance_low);
  const declared = min(BigInt(sigma) * low, MAX_U64);
  const cap = min(BigInt(sigma) * BigInt(checks.tolerance_cap), MAX_U64);
  const observed = min((dispersion * low * 14_826n) / 10_000n, MAX_U64);
  return { median: middle, dispersion, tolerance: min(max(observed, declared), cap) };
}
