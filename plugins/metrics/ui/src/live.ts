/**
 * Live queries: a channel of Grafana Live per query, on which the plugin pushes each new sample.
 *
 * Which series a channel carries stands in the data sent with the subscription; its path is only a name, equal for
 * equal queries, so that many viewers of one panel share one stream.
 */
import type { DataQueryRequest, DataQueryResponse } from '@grafana/data';
import { getGrafanaLiveSrv, type LiveChannelAddress } from '@grafana/runtime';
import type { Observable } from 'rxjs';

import { isExpression, queryKind, type MetricsQuery } from './query';

/** Rows a live chart keeps at most: three hours of seconds. */
const MAX_ROWS = 10_800;
const MINUTE = 60_000;

/** Whether this Grafana has streams of plugins; 7.5 has not. */
export function liveAvailable(): boolean {
  // Early in a page's life the service may not be there yet.
  return typeof getGrafanaLiveSrv?.()?.getDataStream === 'function';
}

export function isLive(query: MetricsQuery, request: Pick<DataQueryRequest, 'liveStreaming'>): boolean {
  return (Boolean(query.live) || Boolean(request.liveStreaming)) && !isExpression(query) && queryKind(query) !== 'instant';
}

/** Follows one query, whose variables are filled in already. */
export function follow(
  uid: string,
  query: MetricsQuery,
  request: DataQueryRequest<MetricsQuery>
): Observable<DataQueryResponse> | undefined {
  const windowMs = request.range.to.valueOf() - request.range.from.valueOf();
  return getGrafanaLiveSrv()?.getDataStream?.({
    addr: channel(uid, query, windowMs),
    buffer: { maxLength: rows(request.maxDataPoints, windowMs), maxDelta: windowMs },
  });
}

export function channel(uid: string, query: MetricsQuery, windowMs: number): LiveChannelAddress {
  // One path must always come with the same data: what belongs to a panel or a moment is left out.
  const data = {
    expr: query.expr,
    legendFormat: query.legendFormat ?? '',
    interval: query.interval ?? '',
    live: true,
    // How far back the first frame reaches, in whole minutes so that `now-5m` keeps its name.
    windowMs: Math.max(1, Math.round(windowMs / MINUTE)) * MINUTE,
  };
  return { scope: 'ds', namespace: uid, stream: uid, path: `live/${hash(JSON.stringify(data))}`, data };
}

function rows(maxDataPoints: number | undefined, windowMs: number): number {
  return Math.min(MAX_ROWS, Math.max(maxDataPoints ?? 0, Math.ceil(windowMs / 1000)));
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
