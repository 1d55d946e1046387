/** Points of a scatter: where they fall on the screen, which is under the pointer, which lie within an outline. */

export interface Cloud {
  x: ArrayLike<number>;
  y: ArrayLike<number>;
}

/** The part of the plane that is shown. */
export interface Frame {
  left: number;
  right: number;
  bottom: number;
  top: number;
}

export interface Size {
  width: number;
  height: number;
}

export type Corner = readonly [number, number];

const MARGIN = 0.04;

/** The frame that holds every point, with a margin. */
export function fitted({ x, y }: Cloud): Frame {
  const [left, right] = ends(x);
  const [bottom, top] = ends(y);
  return { left, right, bottom, top };
}

function ends(values: ArrayLike<number>): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  const room = (high - low) * MARGIN || 0.5;
  return [low - room, high + room];
}

/** The frame grown along one side until one unit is as long across as upward. */
export function squared(frame: Frame, { width, height }: Size): Frame {
  const wide = frame.right - frame.left;
  const high = frame.top - frame.bottom;
  const unit = Math.max(wide / width, high / height);
  const across = (unit * width - wide) / 2;
  const upward = (unit * height - high) / 2;
  return {
    left: frame.left - across,
    right: frame.right + across,
    bottom: frame.bottom - upward,
    top: frame.top + upward,
  };
}

/** The frame with a place kept where it is and everything else `factor` times as large. */
export function zoomed(frame: Frame, factor: number, [x, y]: Corner): Frame {
  return {
    left: x - (x - frame.left) / factor,
    right: x + (frame.right - x) / factor,
    bottom: y - (y - frame.bottom) / factor,
    top: y + (frame.top - y) / factor,
  };
}

/** The frame moved by pixels. */
export function shifted(frame: Frame, { width, height }: Size, across: number, down: number): Frame {
  const x = (across * (frame.right - frame.left)) / width;
  const y = (down * (frame.top - frame.bottom)) / height;
  return { left: frame.left - x, right: frame.right - x, bottom: frame.bottom + y, top: frame.top + y };
}

/** Place on the screen of a place of the plane. */
export function onScreen(frame: Frame, { width, height }: Size, [x, y]: Corner): [number, number] {
  return [
    ((x - frame.left) / (frame.right - frame.left)) * width,
    ((frame.top - y) / (frame.top - frame.bottom)) * height,
  ];
}

/** Place of the plane under a place on the screen. */
export function onPlane(frame: Frame, { width, height }: Size, [across, down]: Corner): [number, number] {
  return [
    frame.left + (across / width) * (frame.right - frame.left),
    frame.top - (down / height) * (frame.top - frame.bottom),
  ];
}

/** Points sorted into the cells of a net, so that those near a place are found without looking at all. */
export interface Net {
  whole: Frame;
  side: number;
  /** Where each cell's points begin in `points`; one more than there are cells. */
  starts: Uint32Array;
  points: Uint32Array;
}

const POINTS_A_CELL = 4;

export function netOf(cloud: Cloud): Net {
  const whole = fitted(cloud);
  const count = cloud.x.length;
  const side = Math.max(1, Math.ceil(Math.sqrt(count / POINTS_A_CELL)));
  const cell = new Int32Array(count);
  const starts = new Uint32Array(side * side + 1);
  for (let index = 0; index < count; index += 1) {
    const found = cellOf(whole, side, cloud.x[index] as number, cloud.y[index] as number);
    cell[index] = found;
    if (found >= 0) starts[found + 1] = (starts[found + 1] as number) + 1;
  }
  for (let place = 0; place < side * side; place += 1)
    starts[place + 1] = (starts[place + 1] as number) + (starts[place] as number);
  const next = starts.slice();
  const points = new Uint32Array(starts[side * side] as number);
  for (let index = 0; index < count; index += 1) {
    const found = cell[index] as number;
    if (found < 0) continue;
    points[next[found] as number] = index;
    next[found] = (next[found] as number) + 1;
  }
  return { whole, side, starts, points };
}

function line(value: number, low: number, high: number, side: number): number {
  return Math.min(Math.max(Math.floor(((value - low) / (high - low)) * side), 0), side - 1);
}

function cellOf(whole: Frame, side: number, x: number, y: number): number {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return -1;
  return line(y, whole.bottom, whole.top, side) * side + line(x, whole.left, whole.right, side);
}

/** The point nearest to a place of the screen and no further off than `reach` pixels, or null. */
export function nearest(
  cloud: Cloud,
  { whole, side, starts, points }: Net,
  frame: Frame,
  size: Size,
  place: Corner,
  reach: number,
): number | null {
  const [left, bottom] = onPlane(frame, size, [place[0] - reach, place[1] + reach]);
  const [right, top] = onPlane(frame, size, [place[0] + reach, place[1] - reach]);
  let best: number | null = null;
  let least = reach * reach;
  const columns = [line(left, whole.left, whole.right, side), line(right, whole.left, whole.right, side)];
  const rows = [line(bottom, whole.bottom, whole.top, side), line(top, whole.bottom, whole.top, side)];
  for (let row = rows[0] as number; row <= (rows[1] as number); row += 1) {
    const from = starts[row * side + (columns[0] as number)] as number;
    const to = starts[row * side + (columns[1] as number) + 1] as number;
    for (let entry = from; entry < to; entry += 1) {
      const index = points[entry] as number;
      const [across, down] = onScreen(frame, size, [cloud.x[index] as number, cloud.y[index] as number]);
      const far = (across - place[0]) ** 2 + (down - place[1]) ** 2;
      if (far > least) continue;
      least = far;
      best = index;
    }
  }
  return best;
}

const WAYS: Record<string, Corner> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The point that an arrow key leads to: the next within 45° of that way, those straight ahead first. */
export function ahead(
  cloud: Cloud,
  frame: Frame,
  size: Size,
  from: number | null,
  key: string,
): number | null {
  const way = WAYS[key];
  if (!way) return null;
  const start: Corner =
    from === null
      ? [size.width / 2, size.height / 2]
      : onScreen(frame, size, [cloud.x[from] as number, cloud.y[from] as number]);
  let best: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (let index = 0; index < cloud.x.length; index += 1) {
    const [across, down] = onScreen(frame, size, [cloud.x[index] as number, cloud.y[index] as number]);
    const along = (across - start[0]) * way[0] + (down - start[1]) * way[1];
    const aside = Math.abs((across - start[0]) * way[1]) + Math.abs((down - start[1]) * way[0]);
    if (!(along > 0.5) || aside > along || along + 2 * aside >= least) continue;
    least = along + 2 * aside;
    best = index;
  }
  return best;
}

/** Points within an outline, a closed line through its corners, by the even-odd rule. */
export function within({ x, y }: Cloud, outline: readonly Corner[]): Uint8Array {
  const inside = new Uint8Array(x.length);
  if (outline.length < 3) return inside;
  const box = fitted({ x: outline.map(([across]) => across), y: outline.map(([, up]) => up) });
  for (let index = 0; index < x.length; index += 1) {
    const [across, up] = [x[index] as number, y[index] as number];
    if (across < box.left || across > box.right || up < box.bottom || up > box.top) continue;
    inside[index] = Number(encloses(outline, across, up));
  }
  return inside;
}

function encloses(outline: readonly Corner[], across: number, up: number): boolean {
  let odd = false;
  let [x0, y0] = outline[outline.length - 1] as Corner;
  for (const [x1, y1] of outline) {
    if (y1 > up !== y0 > up && across < ((x0 - x1) * (up - y1)) / (y0 - y1) + x1) odd = !odd;
    [x0, y0] = [x1, y1];
  }
  return odd;
}

/** Four corners of the box between two places. */
export function boxed([x0, y0]: Corner, [x1, y1]: Corner): Corner[] {
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
}

/** At most `most` of a line's corners, evenly taken. */
export function thinned(outline: readonly Corner[], most: number): Corner[] {
  if (outline.length <= most) return [...outline];
  return Array.from(
    { length: most },
    (_, place) => outline[Math.floor((place * outline.length) / most)] as Corner,
  );
}
