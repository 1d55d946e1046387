/** When to draw: once for each change, and less sharply while changes come faster than pictures. */

export interface Pace {
  /** Asks for a picture at the next chance. */
  ask: () => void;
  stop: () => void;
  /** Pictures a second while drawing, or null at rest. */
  readonly rate: number | null;
  /** Share of the full resolution. */
  readonly sharpness: number;
}

/** A longer pause than this is rest. */
const REST = 300;
const SLOW = 90;
const LEAST = 0.6;
const REMEMBERED = 12;

/** Mean time between the last pictures of one run, or null. */
export function usualStep(times: readonly number[]): number | null {
  const last = times.at(-1);
  const first = times[0];
  return last === undefined || first === undefined || times.length < 3
    ? null
    : (last - first) / (times.length - 1);
}

/** Sharpness for the next picture: lower where pictures take long, full at rest. */
export function nextSharpness(now: number, step: number | null): number {
  if (step === null) return now;
  return step > SLOW ? Math.max(LEAST, now - 0.1) : now;
}

export function pace(draw: () => void): Pace {
  let waiting = 0;
  let resting: ReturnType<typeof setTimeout> | undefined;
  let times: number[] = [];
  let busy = 1;
  let sharpness = 1;
  let stopped = false;
  const rest = () => {
    const ran = times.length > 2;
    times = [];
    sharpness = 1;
    if (ran) draw();
  };
  const frame = (time: number) => {
    waiting = 0;
    if (time - (times.at(-1) ?? time) > REST) times = [];
    times = [...times, time].slice(-REMEMBERED);
    busy = nextSharpness(busy, times.length === REMEMBERED ? usualStep(times.slice(-4)) : null);
    sharpness = times.length > 2 ? busy : 1;
    draw();
    clearTimeout(resting);
    resting = setTimeout(rest, REST);
  };
  return {
    ask: () => {
      if (waiting || stopped) return;
      waiting = requestAnimationFrame(frame);
    },
    stop: () => {
      stopped = true;
      cancelAnimationFrame(waiting);
      clearTimeout(resting);
    },
    get rate() {
      const step = usualStep(times);
      return step === null ? null : 1000 / step;
    },
    get sharpness() {
      return sharpness;
    },
  };
}
