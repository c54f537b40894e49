/**
 * Live tail: a channel of Grafana Live per query, on which the plugin pushes new lines.
 *
 * What a channel follows stands in the data sent with the subscription; its path is only a name, equal for equal
 * queries, so that many viewers of one panel share one stream.
 */
import type { DataQueryRequest, DataQueryResponse } from '@grafana/data';
import { getGrafanaLiveSrv, type LiveChannelAddress } from '@grafana/runtime';
import type { Observable } from 'rxjs';

import { givesLines, isExpression, type LogsQuery } from './query';

/** Lines that a panel keeps. */
const MAX_ROWS = 1_000;

/** Whether this Grafana has streams of plugins; 7.5 has not. */
export function liveAvailable(): boolean {
  // Early in a page's life the service may not be there yet.
  return typeof getGrafanaLiveSrv?.()?.getDataStream === 'function';
}

export function isLive(query: LogsQuery, request: Pick<DataQueryRequest, 'liveStreaming'>): boolean {
  return (Boolean(query.live) || Boolean(request.liveStreaming)) && !isExpression(query) && givesLines(query.expr);
}

/** Follows one query, whose variables are filled in already. */
export function follow(uid: string, query: LogsQuery): Observable<DataQueryResponse> | undefined {
  const maxLength = Math.min(MAX_ROWS, Math.max(query.maxLines ?? 0, 100));
  return getGrafanaLiveSrv()?.getDataStream?.({
    addr: channel(uid, query),
    buffer: { maxLength, maxDelta: Number.MAX_SAFE_INTEGER },
  });
}

export function channel(uid: string, query: LogsQuery): LiveChannelAddress {
  const data = { expr: query.expr, maxLines: query.maxLines ?? 100 };
  return { scope: 'ds', namespace: uid, stream: uid, path: `tail/${hash(JSON.stringify(data))}`, data };
}

/**
 * 64 bits as hex, from two FNV-1a runs. The browser's own digests are absent on pages without TLS, which is how
 * small boards are reached.
 */
export function hash(text: string): string {
  return fnv(text, 0x811c9dc5) + fnv(text, 0x050c5d1f);
}

function fnv(text: string, basis: number): string {
  let state = basis;
  for (let i = 0; i < text.length; i++) {
    state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
  }
  return (state >>> 0).toString(16).padStart(8, '0');
}
