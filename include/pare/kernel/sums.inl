// sums.inl: where the sums of a tile start, and what they are when its steps are done. Included by gemm.inl.

/// Where sums are int32 lanes, plain or in an order of their own, they start at what is added to them, correction and
/// bias, instead of zero.
template <class Dot>
inline constexpr bool starts = std::is_same_v<typename Dot::acc, i32x16>;
template <class Dot>
requires(rows_in_cell<Dot> != 1) inline constexpr bool starts<Dot> = true;
template <class Call>
inline constexpr bool starts_int32 = traits<Call>::choice::period == 0 && !is_grouped<typename Call::structure> &&
                                     starts<typename traits<Call>::choice::type>;
template <class Call>
inline constexpr bool starts_corrected = traits<Call>::shifted&& starts_int32<Call>;
template <class Call>
inline constexpr bool starts_anywhere = starts_int32<Call> &&
                                        (traits<Call>::shifted || leading_bias<decltype(Call::epilogue)>::found);
template <class Call>
inline constexpr bool starts_biased = leading_bias<decltype(Call::epilogue)>::found&& starts_int32<Call>;

/// Sums that start at x, in every row of a cell.
template <class Dot>
PARE_ALWAYS_INLINE typename Dot::acc started_at(const i32x16& x) {
  if constexpr (rows_in_cell<Dot> != 1) {
    return Dot::started_at(x);
  } else {
    return x;
  }
}

/// `start`, and what all sums of a row lack if its dot takes something from them.
template <class Call, class Sum>
PARE_ALWAYS_INLINE Sum start_of_row_sums(const typename base_call<Call>::type& call, index row, const Sum& start) {
  if constexpr (std::is_same_v<typename base_call<Call>::type, Call>) {
    return start;
  } else {
    return start + fill<i32x16>(call.row_terms[row]);
  }
}

/// Where the sums of a panel start, whatever the row, for those that do not start at zero.
template <class Call>
PARE_ALWAYS_INLINE i32x16 column_start(const Call& call, index column) {
  i32x16 start{};
  if constexpr (starts_corrected<Call>) start = correction<typename traits<Call>::choice::type, i32x16>(call, column);
  if constexpr (starts_biased<Call>)
    start = start + load_lanes<i32x16>(leading_bias<decltype(Call::epilogue)>::values(call.epilogue) + column);
  return start;
}

/// The sums of a tile before its first step: where those of its V panels start, whatever the row.
template <class Call, int R, int V, class Sum>
PARE_ALWAYS_INLINE void start_sums(const typename base_call<Call>::type& call, const Sum* starts, Sum (&sum)[R][V],
                                   index row) {
  PARE_UNROLL for (int v = 0; v < V; ++v) PARE_UNROLL for (int r = 0; r < R; ++r) {
    sum[r][v] = start_of_row_sums<Call>(call, row + r, starts[v]);
    keep_apart(sum[r][v]);
  }
}

/// Ends what the loop calls its sums: gcc 12 otherwise stores, in every step, those that the epilogue keeps in memory.
template <int R, int V, class Sum>
PARE_ALWAYS_INLINE void end_sums(Sum (&sum)[R][V]) {
  if constexpr (requires { keep_apart(sum[0][0]); })
    PARE_UNROLL for (int r = 0; r < R; ++r) PARE_UNROLL for (int v = 0; v < V; ++v) keep_apart(sum[r][v]);
}

/// The stages that are left for sums that start_sums has started.
template <class Call>
PARE_ALWAYS_INLINE decltype(auto) stages_left(const Call& call) {
  if constexpr (starts_biased<Call>) {
    return leading_bias<decltype(Call::epilogue)>::rest(call.epilogue);
  } else {
    return (call.epilogue);
  }
}

/// The sums of one of the rows of a cell.
template <class Dot>
PARE_ALWAYS_INLINE decltype(auto) row_result(const typename Dot::acc& sum, [[maybe_unused]] int row) {
  if constexpr (rows_in_cell<Dot> != 1) {
    return Dot::result(sum, row);
  } else {
    return Dot::result(sum);
  }
}

/// What Dot::result has made of the sums of a row after its last step, as the epilogue takes it.
template <class Call, class Result, class Total>
PARE_ALWAYS_INLINE auto finished_sum(const Call& call, index column, const Result& result, const Total& total,
                                     bool flushed) {
  using dot = typename traits<Call>::choice::type;
  const auto plain = sum_with(result, total, flushed);
  if constexpr (traits<Call>::shifted && !starts_corrected<Call>) {
    return plain + correction<dot, std::remove_cvref_t<decltype(plain)>>(call, column);
  } else {
    return plain;
  }
}
