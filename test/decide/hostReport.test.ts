import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NO_REQUEST, sumOfCosts } from '../../plugin/decide/fetchCost.ts';
import { hostReport } from '../../plugin/decide/hostReport.ts';
import type { FetchCost } from '../../plugin/model/host.ts';

const REACHED: FetchCost = {
  requests: 2,
  bytes: 100,
  ms: 30,
  retryAfterMs: null,
  host: 'reachable',
  interrupted: false,
};
const SILENT: FetchCost = { ...REACHED, requests: 1, bytes: 0, ms: 10, retryAfterMs: 5000, host: 'unreachable' };

describe('the report on a slice of a host', () => {
  it('adds up what was asked, and gives back what a sweep did not use', () => {
    assert.deepEqual(hostReport([REACHED, SILENT, NO_REQUEST], 5, { urgent: false }), {
      unused: 2,
      bytes: 100,
      responseMs: 20,
      retryAfterMs: 5000,
      overloadsMs: [],
      deadCount: 1,
      aliveCount: 1,
    });
  });

  it('lets sweeps wait for what was asked beyond the grant, and not for answers to interactive requests', () => {
    const { unused, responseMs } = hostReport([REACHED, REACHED], 1, { urgent: true });
    assert.deepEqual([unused, responseMs], [-3, 0]);
    assert.equal(hostReport([REACHED, REACHED], 1, { urgent: false }).unused, -3);
  });

  it('says nothing of a host that was not asked', () => {
    const nothing = {
      unused: 1,
      bytes: 0,
      responseMs: 0,
      retryAfterMs: null,
      overloadsMs: [],
      deadCount: 0,
      aliveCount: 0,
    };
    assert.deepEqual(hostReport([NO_REQUEST], 1, { urgent: true }), nothing);
  });

  it('counts one answer for all resources of its URL, and an interruption of one for all', () => {
    assert.deepEqual(sumOfCosts([REACHED, NO_REQUEST]), REACHED);
    assert.deepEqual(sumOfCosts([NO_REQUEST, { ...NO_REQUEST, interrupted: true }]), {
      ...NO_REQUEST,
      interrupted: true,
    });
  });
});
