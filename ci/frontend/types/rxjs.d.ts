/** What our front ends use of `rxjs`; the same in 6 (Grafana 7.5) and 7. */
declare module 'rxjs' {
  export interface Subscription {
    unsubscribe(): void;
  }
  export class Observable<T> {
    subscribe(observer: {
      next?: (value: T) => void;
      error?: (error: unknown) => void;
      complete?: () => void;
    }): Subscription;
  }
  export function merge<T>(...streams: Array<Observable<T>>): Observable<T>;
  export function of<T>(value: T): Observable<T>;
}
