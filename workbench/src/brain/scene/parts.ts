/** What the 3D view is made of: textures of values and colours, and meshes without a single vertex buffer. */
import {
  BufferGeometry,
  ByteType,
  CustomBlending,
  DataArrayTexture,
  DataTexture,
  FloatType,
  GLSL3,
  HalfFloatType,
  type IUniform,
  LineSegments,
  Mesh,
  OneFactor,
  OneMinusSrcAlphaFactor,
  Points,
  RawShaderMaterial,
  RedFormat,
  RedIntegerFormat,
  RGBAFormat,
  RGFormat,
  Vector2,
  Vector3,
} from "three";
import { type Scale, table } from "../../colour/ramp";
import { THEMES } from "../../words.gen";
import type { Layout } from "./layout";
import { GROUND, shares } from "./palette";
import * as shaders from "./shaders";
import { type Activity, startsOf, widthOf } from "./statistics";

export type Uniforms = Record<string, IUniform>;

/** One layer of the array texture a layer of the model; the frame itself where no cell is left over. */
export function valueTexture(activity: Activity, { columns, rows }: Layout): DataArrayTexture {
  const texture = new DataArrayTexture(null, columns, rows, activity.n_layers);
  const whole = activity.detail === "int8";
  texture.format = whole ? RedIntegerFormat : RedFormat;
  texture.type = whole ? ByteType : HalfFloatType;
  texture.internalFormat = whole ? "R8I" : "R16F";
  texture.unpackAlignment = 1;
  return texture;
}

/** Puts a frame into its texture, with no change to its numbers. */
export function fill(texture: DataArrayTexture, activity: Activity, { columns, rows }: Layout): void {
  const cells = columns * rows;
  const exact = !activity.widths && cells === activity.n_neurons;
  if (exact) texture.image.data = activity.data;
  else {
    const room = cells * activity.n_layers;
    const kept = texture.image.data as Activity["data"] | null;
    const padded =
      kept?.length === room ? kept : activity.detail === "int8" ? new Int8Array(room) : new Uint16Array(room);
    const starts = startsOf(activity);
    for (let layer = 0; layer < activity.n_layers; layer += 1)
      padded.set(activity.data.subarray(starts[layer] as number, starts[layer + 1] as number), layer * cells);
    texture.image.data = padded;
  }
  texture.needsUpdate = true;
}

/** Scale and width of each layer. */
export function layerTexture(activity: Activity): DataTexture {
  const told = new Float32Array(activity.n_layers * 2);
  for (let layer = 0; layer < activity.n_layers; layer += 1)
    told.set([activity.scales?.[layer] ?? 1, widthOf(activity, layer)], layer * 2);
  const texture = new DataTexture(told, activity.n_layers, 1, RGFormat, FloatType);
  texture.needsUpdate = true;
  return texture;
}

export function rampTexture(scale: Scale): DataTexture {
  const lut = table("dark", scale);
  const steps = lut.length / 3;
  const colours = new Uint8Array(steps * 4).fill(255);
  for (let step = 0; step < steps; step += 1) colours.set(lut.subarray(step * 3, step * 3 + 3), step * 4);
  const texture = new DataTexture(colours, steps, 1, RGBAFormat);
  texture.needsUpdate = true;
  return texture;
}

export function linkTexture(texels: Float32Array): DataTexture {
  const texture = new DataTexture(texels, 2, Math.max(1, texels.length / 8), RGBAFormat, FloatType);
  texture.needsUpdate = true;
  return texture;
}

/** Uniforms that all parts share, so that each is set once. */
export function sharedUniforms(ramp: DataTexture): Uniforms {
  return {
    values: { value: null },
    layers: { value: null },
    ramp: { value: ramp },
    links: { value: null },
    linkRamp: { value: ramp },
    signedLinks: { value: false },
    columns: { value: 1 },
    rows: { value: 1 },
    nLayers: { value: 1 },
    units: { value: 1 },
    pitch: { value: 1 },
    gap: { value: 1 },
    tall: { value: 1 },
    reach: { value: 1 },
    least: { value: 0 },
    bothSigns: { value: false },
    below: { value: 0 },
    taps: { value: 1 },
    focal: { value: 1 },
    view: { value: new Vector2(1, 1) },
    fog: { value: new Vector3(...shares(GROUND)) },
    fogEnds: { value: new Vector2(1, 2) },
    line: { value: new Vector3(...shares(THEMES.dark.muted)) },
  };
}

function material(uniforms: Uniforms, vertexShader: string, fragmentShader: string, whole: boolean) {
  return new RawShaderMaterial({
    glslVersion: GLSL3,
    uniforms,
    vertexShader,
    fragmentShader,
    defines: whole ? { WHOLE: 1 } : {},
    transparent: true,
    depthTest: false,
    depthWrite: false,
    side: 2,
    blending: CustomBlending,
    blendSrc: OneFactor,
    blendDst: OneMinusSrcAlphaFactor,
    blendSrcAlpha: OneFactor,
    blendDstAlpha: OneMinusSrcAlphaFactor,
  });
}

export interface Parts {
  frame: LineSegments<BufferGeometry, RawShaderMaterial>;
  /** Plates that are painted before the points, and those after them. */
  before: Mesh<BufferGeometry, RawShaderMaterial>;
  points: Points<BufferGeometry, RawShaderMaterial>;
  after: Mesh<BufferGeometry, RawShaderMaterial>;
  links: Mesh<BufferGeometry, RawShaderMaterial>;
}

/** The meshes in their order of painting; `whole` where values are whole numbers with a scale. */
export function makeParts(shared: Uniforms, whole: boolean): Parts {
  const turned = () => ({ ...shared, firstTurn: { value: 0 } });
  const plate = () => material(turned(), shaders.PLATE_VERTEX, shaders.PLATE_FRAGMENT, whole);
  const point = material(turned(), shaders.POINT_VERTEX, shaders.POINT_FRAGMENT, whole);
  const parts: Parts = {
    frame: new LineSegments(
      new BufferGeometry(),
      material(shared, shaders.FRAME_VERTEX, shaders.FRAME_FRAGMENT, whole),
    ),
    before: new Mesh(new BufferGeometry(), plate()),
    points: new Points(new BufferGeometry(), point),
    after: new Mesh(new BufferGeometry(), plate()),
    links: new Mesh(
      new BufferGeometry(),
      material(shared, shaders.LINK_VERTEX, shaders.LINK_FRAGMENT, false),
    ),
  };
  Object.values(parts).forEach((part, order) => {
    part.renderOrder = order;
    part.frustumCulled = false;
    part.geometry.setDrawRange(0, 0);
  });
  return parts;
}

export function disposeParts(parts: Parts): void {
  for (const part of Object.values(parts)) {
    part.geometry.dispose();
    part.material.dispose();
  }
}
