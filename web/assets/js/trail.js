// The trail: from one genesis document to the validators of a later header.
//
// As runtime/src/trail.rs: the document says who began, and each block after which others decide
// names them and is signed by more than two thirds of the power before.

import { concat, hex, unhex } from "./bytes.js";
import { address } from "./bech32m.js";
import { account, hash, operator, string, u32, u64 } from "./codec.js";
import { tagged } from "./hash.js";
import { holds } from "./signature.js";
import { Certificate, Header, ValidatorSet } from "./types/state.js";

const MAX_VALIDATORS = 512;
const MAX_TOTAL_POWER = (2n ** 64n - 1n) / 8n;
const PRECOMMIT = 1;

const compare = (a, b) => {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? 0 : a[at] - b[at];
};

/** The operator that an owner registered with a key. */
function operatorOf(owner, key) {
  const bytes = account(owner);
  const body = tagged("OPERATOR", bytes, hash(key)).subarray(0, 20);
  return address("operator", concat(bytes.subarray(0, 1), body));
}

/** Who decides at first: those with the most bonded, their stakes scaled to powers. */
function first(genesis) {
  const { min_bond: least, max_validators: most } = genesis.params.staking;
  const known = genesis.operators
    .map((one) => ({ ...one, operator: operatorOf(one.owner, one.key), stake: BigInt(one.bonded) }))
    .map((one) => ({ ...one, order: operator(one.operator) }))
    .filter((one) => one.stake > 0n && one.stake >= BigInt(least));
  known.sort((a, b) => (a.stake === b.stake ? compare(a.order, b.order) : a.stake > b.stake ? -1 : 1));
  const chosen = known.slice(0, Math.min(most, MAX_VALIDATORS));
  chosen.sort((a, b) => compare(a.order, b.order));
  let shift = 0n;
  const power = ({ stake }) => (stake >> shift > 1n ? stake >> shift : 1n);
  while (chosen.reduce((sum, one) => sum + power(one), 0n) > MAX_TOTAL_POWER) shift += 1n;
  return chosen.map((one) => ({ operator: one.operator, key: one.key, vrf: one.vrf, power: power(one) }));
}

/** A reader on its way from genesis. */
export class Trail {
  constructor(genesis, genesisHash) {
    this.chain = genesis.chain_id;
    this.genesis = genesisHash;
    this.members = first(genesis);
    this.changed = 0n;
  }

  /** Goes past a block after which others decide. */
  async pass({ header, commit, next }) {
    if (BigInt(header.height) <= this.changed) throw new Error(`the change at height ${header.height} is out of order`);
    await this.decided(header, commit);
    if (header.next_validators !== hex(tagged("VALIDATOR-SET", ValidatorSet(next)))) {
      throw new Error(`the header at height ${header.height} names other next validators`);
    }
    if (header.next_validators === header.validators) throw new Error("a change changes no validators");
    const sorted = next.every((one, i) => i === 0 || compare(operator(next[i - 1].operator), operator(one.operator)) < 0);
    if (!sorted || next.length === 0) throw new Error("the next validators are out of order");
    this.changed = BigInt(header.height);
    this.members = next;
  }

  /** Checks a header that the trail leads to. */
  async arrive(header, commit) {
    if (this.changed > 0n && BigInt(header.height) <= this.changed) throw new Error("the header is not later than the last change");
    await this.decided(header, commit);
  }

  async decided(header, commit) {
    if (header.chain_id !== this.chain) throw new Error("the header is of another chain");
    const own = hex(tagged("VALIDATOR-SET", ValidatorSet(this.members)));
    if (header.validators !== own) throw new Error("the header has other validators than the changes lead to");
    Certificate(commit);
    const block = hex(tagged("HEADER", Header(header)));
    if (commit.block !== block || BigInt(commit.height) !== BigInt(header.height)) {
      throw new Error("the signatures are not for this header");
    }
    await this.signed(commit);
  }

  /** Checks that more than two thirds of the power signed. */
  async signed({ height, round, block, signatures }) {
    const power = (list) => list.reduce((sum, one) => sum + BigInt(one.power), 0n);
    const signers = [];
    let last = null;
    for (const [id, signature] of signatures) {
      const place = operator(id);
      if (last !== null && compare(last, place) >= 0) throw new Error(`the signature of ${id} is out of order or there twice`);
      last = place;
      const member = this.members.find((one) => one.operator === id);
      if (member === undefined) throw new Error(`${id} is not a validator of this height`);
      const statement = concat(
        string(this.chain), this.genesis, Uint8Array.of(PRECOMMIT), u64(height), u32(round),
        Uint8Array.of(1), hash(block), place,
      );
      if (!(await holds(unhex(member.key, 32), "VOTE", statement, unhex(signature, 64)))) {
        throw new Error(`the vote of ${id} does not hold`);
      }
      signers.push(member);
    }
    const [found, all] = [power(signers), power(this.members)];
    if (found * 3n <= all * 2n) throw new Error(`power ${found} of ${all} is not more than two thirds`);
  }
}
