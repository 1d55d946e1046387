/** From how far, and at what height, a camera sees the whole model. */
import { type PerspectiveCamera, Vector3 } from "three";
import type { Layout } from "./layout";

interface Way {
  azimuth: number;
  polar: number;
}

/** Ends of the axis above and below the plates. */
export const AXIS_ENDS = 0.28;

/** Distance and height of the target so that all stays within a share of the view, and in its middle. */
export function fitted(layout: Layout, camera: PerspectiveCamera, { azimuth, polar }: Way, within: Room) {
  const corners = cornersOf(layout);
  let [near, wide, lift] = [0.1, 60, 0];
  for (let round = 0; round < 40; round += 1) {
    const far = (near + wide) / 2;
    camera.position.setFromSphericalCoords(far, polar, azimuth);
    camera.position.y += lift;
    camera.lookAt(0, lift, 0);
    camera.updateMatrixWorld();
    const seen = corners.map((corner) => corner.clone().project(camera));
    const [low, high] = [Math.min(...seen.map(({ y }) => y)), Math.max(...seen.map(({ y }) => y))];
    const fits =
      seen.every(({ x, z }) => Math.abs(x - within.middle) <= within.x && z <= 1) &&
      high - low <= 2 * within.y;
    if (fits) wide = far;
    else near = far;
    const half = Math.tan((camera.fov * Math.PI) / 360);
    if (fits) lift += ((0.5 * (low + high) * far * half) / Math.sin(polar)) * 0.5;
  }
  return { far: wide, lift };
}

interface Room {
  /** Half the share of the width that may be filled, about its middle. */
  x: number;
  middle: number;
  y: number;
}

function cornersOf({ wide, deep, tall }: Layout): Vector3[] {
  const ends = [-0.5, 0.5];
  const plates = ends.flatMap((x) =>
    ends.flatMap((y) => ends.map((z) => new Vector3(x * wide, y * tall, z * deep))),
  );
  return [...plates, ...ends.map((y) => new Vector3(0, y * (tall + 2 * AXIS_ENDS), 0))];
}
