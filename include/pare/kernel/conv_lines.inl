// conv_lines.inl: which output pixels make tiles: as they follow each other, line by line, or apart where their
// windows lie inside the image. Included by conv.inl. A line is a row of output pixels.

/// How many of `rows` rows go into tiles of `most` rows, the last one perhaps
/// cut, before tiles of `half` rows: two of these, or a cut one, where they
/// waste less.
constexpr index tall_rows(index rows, index most, index half) noexcept {
  const index rest = rows % most;
  if (rest == 0) return rows;
  if (rows > most && half < most && rest + most <= 2 * half) return rows - rest - most;
  return rest <= half ? rows - rest : rows;
}

/// Whether `rows` rows fill such tiles.
template <int Most>
constexpr bool fills_tiles(index rows) noexcept {
  return (rows - tall_rows(rows, Most, Most / 2 + 1)) % (Most / 2 + 1) == 0;
}

/// Output pixels [row, row + rows) of V panels, the first of which is `at` in the table.
template <class Call, int V, int Most>
PARE_ALWAYS_INLINE void conv_pixels(const Call& call, tap_table& taps, index row, index at, index rows, index panel) {
  const index tall = tall_rows(rows, Most, Most / 2 + 1);
  conv_tiles<Call, Most, V, true>(call, taps, row, at, tall, panel);
  if (tall != rows) conv_tiles<Call, Most / 2 + 1, V, false>(call, taps, row + tall, at + tall, rows - tall, panel);
}

/// The same, each line by itself.
template <class Call, int V, int Most>
PARE_ALWAYS_INLINE void conv_lines(const Call& call, tap_table& taps, index row, index rows, index panel) {
  const index width = call.walk.out.width;
  for (index i = 0, count = 0; i < rows; i += count) {
    count = smaller(width - (row + i) % width, rows - i);
    conv_pixels<Call, V, Most>(call, taps, row + i, i, count, panel);
  }
}

/// Whether tiles begin with lines, so that rows of padding beside the image are first or last in them: where no tile is
/// cut for it.
template <class Call, int Most>
PARE_ALWAYS_INLINE bool starts_with_lines(const Call& call) {
  if constexpr (leaves_sides_out<traits<Call>>) {
    const conv_geometry& g = call.walk.geometry;
    return (g.pad_left > 0 || g.pad_right > 0) && fills_tiles<Most>(call.walk.out.width);
  } else {
    return false;
  }
}

/// Output pixels [row, row + rows) that the table has, V panels at a time, then fewer.
template <class Call, int V, int Most = conv_rows<Call, V>>
PARE_ALWAYS_INLINE void conv_panels(const Call& call, tap_table& taps, index row, index rows, index panel,
                                    index last_panel) {
  const bool lines = starts_with_lines<Call, Most>(call);
  for (; panel + V <= last_panel; panel += V) {
    if (lines) {
      conv_lines<Call, V, Most>(call, taps, row, rows, panel);
    } else {
      conv_pixels<Call, V, Most>(call, taps, row, 0, rows, panel);
    }
  }
  if constexpr (V > 1) {
    if (panel < last_panel) conv_panels<Call, V / 2>(call, taps, row, rows, panel, last_panel);
  }
}

/// The same for panels [first, last). Lines of 7 or 14 pixels, which many networks end in, are tiles of two panels.
template <class Call>
PARE_ALWAYS_INLINE void all_conv_panels(const Call& call, tap_table& taps, index row, index rows, index first,
                                        index last) {
  constexpr int most = traits<Call>::panels, short_line = 7;
  if constexpr (leaves_sides_out<traits<Call>> && most > 2) {
    const index width = call.walk.out.width;
    if ((width == short_line || width == 2 * short_line) && starts_with_lines<Call, short_line>(call))
      return conv_panels<Call, 2, short_line>(call, taps, row, rows, first, last);
  }
  conv_panels<Call, most>(call, taps, row, rows, first, last);
}

/// A call all of whose output pixels go through the table.
template <class Call>
PARE_ALWAYS_INLINE void conv_by_table(const Call& call, tap_table& taps) {
  const index width = call.walk.out.width, end = call.part.row_end;
  const index first = call.part.column_begin / strip_lanes, last = panel_count(call.part.column_end);
  index step = taps.rows_at_once(conv_rows<Call, traits<Call>::panels>);
  if (leaves_sides_out<traits<Call>> && step > width) step -= step % width;
  for (index row = call.part.row_begin; row < end; row += step) {
    const index rows = smaller(step, end - row);
    if (taps.runs_at_once() < taps.runs()) {
      large_conv_tiles(call, taps, row, rows, first, last);
      continue;
    }
    taps.point(row, rows, 0, taps.runs());
    all_conv_panels(call, taps, row, rows, first, last);
  }
}

/// Output pixels [row, end) of V panels: as many tiles of windows inside the image as leave pixels between them that
/// fill tiles, too, of which the table has a few at a time.
template <class Call, int V>
PARE_ALWAYS_INLINE void conv_insides(const Call& call, tap_table& taps, index row, index end, index panel) {
  constexpr index most = conv_rows<Call, V>;
  const index width = call.walk.out.width, step = taps.rows_at_once(most);
  const bool whole = holds_tile(call, panel * strip_lanes, V);
  index done = row;
  const auto up_to = [&](index last) __attribute__((always_inline)) {
    for (index rows = 0; done < last; done += rows) {
      rows = smaller(step, last - done);
      taps.point(done, rows, 0, taps.runs());
      conv_pixels<Call, V, most>(call, taps, done, 0, rows, panel);
    }
  };
  for (index count = 0; row < end; row += count) {
    count = smaller(width - row % width, end - row);
    const auto [first, last] = taps.inside.among(row, count);
    index inside = whole ? (last - first) / most * most : 0;
    while (inside > 0 && !fills_tiles<most>(width - inside)) inside -= most;
    if (inside == 0) continue;
    up_to(row + first);
    taps.inside.start_at(done);
    conv_tile_loop<Call, most, V, conv_runs::inside, true>(call, taps, done, 0, inside, panel);
    done += inside;
  }
  up_to(end);
}

/// The same, V panels at a time, then fewer.
template <class Call, int V>
PARE_ALWAYS_INLINE void conv_inside_panels(const Call& call, tap_table& taps, index row, index end, index panel,
                                           index last_panel) {
  for (; panel + V <= last_panel; panel += V) conv_insides<Call, V>(call, taps, row, end, panel);
  if constexpr (V > 1) {
    if (panel < last_panel) conv_inside_panels<Call, V / 2>(call, taps, row, end, panel, last_panel);
  }
}

/// A call whose windows have few cells, which are listed: whole lines of output pixels at a time, so many that few
/// tiles are cut where these end, and so few that what they read and write stays in the second-level cache.
template <class Call>
PARE_ALWAYS_INLINE void conv_mostly_inside(const Call& call, tap_table& taps) {
  constexpr index most = traits<Call>::panels, pixels = 1024;
  const index width = call.walk.out.width, step = larger<index>(pixels / width, 1) * width;
  const index first = call.part.column_begin / strip_lanes, last = panel_count(call.part.column_end);
  for (index row = call.part.row_begin; row < call.part.row_end; row += step)
    conv_inside_panels<Call, most>(call, taps, row, smaller(row + step, call.part.row_end), first, last);
}
