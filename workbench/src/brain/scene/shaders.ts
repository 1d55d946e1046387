/** The programs of the 3D view: every place is worked out from the number of the vertex, so nothing but values is sent. */

const VALUES = `
precision highp float;
precision highp int;
precision highp sampler2DArray;
precision highp isampler2DArray;
#ifdef WHOLE
uniform isampler2DArray values;
#else
uniform sampler2DArray values;
#endif
uniform sampler2D layers;
uniform sampler2D ramp;
uniform int columns;
uniform int rows;
uniform int nLayers;
uniform float pitch;
uniform float gap;
uniform float tall;
uniform float reach;
uniform float least;
uniform bool bothSigns;
uniform vec3 fog;
uniform vec2 fogEnds;

float valueOf(ivec3 cell, float scale) {
#ifdef WHOLE
  return float(texelFetch(values, cell, 0).r) * scale;
#else
  return texelFetch(values, cell, 0).r;
#endif
}
vec3 colourOf(float value) {
  float share = bothSigns ? 0.5 + 0.5 * value / reach : abs(value) / reach;
  return texture(ramp, vec2(share, 0.5)).rgb;
}
float mistAt(float far) { return 0.72 * smoothstep(fogEnds.x, fogEnds.y, far); }
vec3 misted(vec3 colour, float far) { return mix(colour, fog, mistAt(far)); }
`;

/** Painter's order of parallel plates: those below the eye upwards, then those above it downwards. */
const ORDER = `
uniform int below;
int layerAt(int turn) { return turn < below ? turn : nLayers - 1 - (turn - below); }
float heightOf(int layer) { return float(layer) * gap - 0.5 * tall; }
`;

const CAMERA = `
uniform mat4 modelViewMatrix;
uniform mat4 projectionMatrix;
`;

export const PLATE_VERTEX = `${VALUES}${ORDER}${CAMERA}
uniform int firstTurn;
out vec2 cell;
out float mist;
flat out ivec2 place;
flat out float scale;
void main() {
  int layer = layerAt(firstTurn + gl_VertexID / 6);
  int corner = gl_VertexID % 6;
  vec2 at = vec2(corner == 1 || corner == 2 || corner == 4, corner == 2 || corner == 4 || corner == 5);
  vec2 told = texelFetch(layers, ivec2(layer, 0), 0).rg;
  scale = told.r;
  place = ivec2(layer, int(told.g + 0.5));
  cell = at * vec2(columns, rows);
  vec2 flatPlace = (cell - 0.5 * vec2(columns, rows)) * pitch;
  vec4 seen = modelViewMatrix * vec4(flatPlace.x, heightOf(layer), flatPlace.y, 1.0);
  mist = mistAt(-seen.z);
  gl_Position = projectionMatrix * seen;
}
`;

/**
 * Most pixels of a picture are made here, many over each other, so it does as little as it can: the table `shades`
 * holds colours already weighted by how much they cover.
 */
export const PLATE_FRAGMENT = `${VALUES}
uniform sampler2D shades;
in vec2 cell;
in float mist;
flat in ivec2 place;
flat in float scale;
out vec4 painted;
void main() {
  ivec2 at = min(ivec2(cell), ivec2(columns, rows) - 1);
#ifdef PADDED
  if (at.y * columns + at.x >= place.y) discard;
#endif
  float value = valueOf(ivec3(at, place.x), scale);
  if (abs(value) < least) discard;
  float share = min(abs(value) / reach, 1.0);
  if (bothSigns) share = value < 0.0 ? 0.5 - 0.5 * share : 0.5 + 0.5 * share;
  vec4 shade = texelFetch(shades, ivec2(share * 255.0 + 0.5, 0), 0);
  painted = vec4(mix(shade.rgb, fog * shade.a, mist), shade.a);
}
`;

export const POINT_VERTEX = `${VALUES}${ORDER}${CAMERA}
uniform int firstTurn;
uniform int units;
uniform float focal;
out vec4 tint;
out float size;
void main() {
  int layer = layerAt(firstTurn + gl_VertexID / units);
  int unit = gl_VertexID % units;
  ivec2 at = ivec2(unit % columns, unit / columns);
  vec2 told = texelFetch(layers, ivec2(layer, 0), 0).rg;
  float value = valueOf(ivec3(at, layer), told.r);
  if (float(unit) > told.g - 0.5 || abs(value) < least) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 0.0;
    return;
  }
  vec2 flatPlace = (vec2(at) + 0.5 - 0.5 * vec2(columns, rows)) * pitch;
  vec4 seen = modelViewMatrix * vec4(flatPlace.x, heightOf(layer), flatPlace.y, 1.0);
  gl_Position = projectionMatrix * seen;
  float strength = min(abs(value) / reach, 1.0);
  float room = pitch * focal / -seen.z;
  size = clamp(room * mix(0.42, 2.5, strength), 1.0, 64.0);
  gl_PointSize = size;
  float alpha = 0.8 + 0.2 * strength;
  tint = vec4(misted(colourOf(value), -seen.z), mix(0.1, 1.0, strength)) * alpha;
}
`;

export const POINT_FRAGMENT = `
precision highp float;
in vec4 tint;
in float size;
out vec4 painted;
void main() {
  float from = length(gl_PointCoord - 0.5) * 2.0;
  float core = 1.0 - smoothstep(0.52 - 1.0 / size, 0.52 + 1.0 / size, from);
  float halo = 0.34 * (1.0 - from) * (1.0 - from);
  float inside = size < 3.0 ? 1.0 : max(core, max(halo, 0.0));
  painted = tint * inside;
}
`;

/** Outlines of the plates and the axis: eight ends of lines a layer, then the two ends of the axis. */
export const FRAME_VERTEX = `${VALUES}${ORDER}${CAMERA}
out vec4 tint;
uniform vec3 line;
void main() {
  int layer = gl_VertexID / 8;
  vec3 at;
  if (layer < nLayers) {
    int corner = ((gl_VertexID % 8) + 1) / 2 % 4;
    vec2 side = vec2(corner == 1 || corner == 2, corner >= 2) - 0.5;
    at = vec3(side.x * float(columns) * pitch, heightOf(layer), side.y * float(rows) * pitch);
  } else {
    float top = gl_VertexID % 2 == 1 ? 0.5 * tall + 0.28 : -0.5 * tall - 0.28;
    at = vec3(0.0, top, 0.0);
  }
  vec4 seen = modelViewMatrix * vec4(at, 1.0);
  gl_Position = projectionMatrix * seen;
  float alpha = layer < nLayers ? clamp(9.0 / float(nLayers), 0.16, 0.5) : 0.9;
  tint = vec4(misted(line, -seen.z) * alpha, alpha);
}
`;

export const FRAME_FRAGMENT = `
precision highp float;
in vec4 tint;
out vec4 painted;
void main() { painted = tint; }
`;

export const LINK_PIECES = 14;

/** A ribbon for each link: two texels hold its ends, its strength and how far it bends. */
export const LINK_VERTEX = `
precision highp float;
precision highp int;
uniform sampler2D links;
uniform sampler2D linkRamp;
uniform bool signedLinks;
uniform vec2 view;
uniform vec3 fog;
uniform vec2 fogEnds;
${CAMERA}
out vec4 tint;
out float across;
vec3 along(vec3 from, vec3 to, float bend, float t) {
  vec3 middle = 0.5 * (from + to);
  vec2 outwards = middle.xz;
  outwards = length(outwards) > 1e-4 ? normalize(outwards) : vec2(1.0, 0.0);
  middle += vec3(outwards.x, 0.35, outwards.y) * bend;
  return mix(mix(from, middle, t), mix(middle, to, t), t);
}
void main() {
  int corner = gl_VertexID % 6;
  int piece = gl_VertexID / 6 % ${LINK_PIECES};
  int link = gl_VertexID / ${6 * LINK_PIECES};
  vec4 from = texelFetch(links, ivec2(0, link), 0);
  vec4 to = texelFetch(links, ivec2(1, link), 0);
  float end = float(piece + (corner == 1 || corner == 2 || corner == 4 ? 1 : 0)) / float(${LINK_PIECES});
  across = corner == 2 || corner == 4 || corner == 5 ? 1.0 : -1.0;
  vec4 seen = modelViewMatrix * vec4(along(from.xyz, to.xyz, to.w, end), 1.0);
  vec4 here = projectionMatrix * seen;
  vec4 ahead = projectionMatrix * modelViewMatrix * vec4(along(from.xyz, to.xyz, to.w, end + 0.02), 1.0);
  vec2 way = (ahead.xy / ahead.w - here.xy / here.w) * view;
  way = length(way) > 1e-5 ? normalize(way) : vec2(1.0, 0.0);
  float strength = min(abs(from.w), 1.0);
  float width = mix(1.0, 5.0, strength);
  here.xy += vec2(-way.y, way.x) * across * width / view * here.w;
  gl_Position = here;
  float share = signedLinks ? 0.5 + 0.5 * from.w : strength;
  float alpha = 0.18 + 0.77 * strength;
  float mist = 0.72 * smoothstep(fogEnds.x, fogEnds.y, -seen.z);
  tint = vec4(mix(texture(linkRamp, vec2(share, 0.5)).rgb, fog, mist) * alpha, alpha);
}
`;

export const LINK_FRAGMENT = `
precision highp float;
in vec4 tint;
in float across;
out vec4 painted;
void main() { painted = tint * (1.0 - smoothstep(0.5, 1.0, abs(across))); }
`;
