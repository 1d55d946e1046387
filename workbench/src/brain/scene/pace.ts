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

/** A longer pause between a picture and the next change is rest. */
const REST = 300;
const SLOW = 90;
const LEAST = 0.5;
/** Pictures that a sharpness is judged by. */
const JUDGED = 4;
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
  if (step === null || step <= SLOW) return now;
  return Math.max(LEAST, now * Math.sqrt(SLOW / step));
}

export function pace(draw: () => void): Pace {
  let waiting = 0;
  let resting: ReturnType<typeof setTimeout> | undefined;
  let times: number[] = [];
  let busy = 1;
  let judged = 0;
  let drawnAt = 0;
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
    times = [...times, time].slice(-REMEMBERED);
    judged += 1;
    if (judged >= JUDGED && times.length >= JUDGED) {
      busy = nextSharpness(busy, usualStep(times.slice(-JUDGED)));
      judged = 0;
    }
    sharpness = times.length > 2 ? busy : 1;
    draw();
    drawnAt = performance.now();
    resting = setTimeout(rest, REST);
  };
  return {
    ask: () => {
      if (waiting || stopped) return;
      clearTimeout(resting);
      if (performance.now() - drawnAt > REST) times = [];
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
