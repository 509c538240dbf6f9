#include "structures.hpp"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "compensate.hpp"
#include "policy.hpp"

namespace compress {
namespace {

template <class Policy>
double accuracy(const model& layers, const split& data, const conditions& how) {
  const contender c = contend<Policy>("", {layers, ""}, data, how);
  return static_cast<double>(c.classify()) / static_cast<double>(data.held_out.count());
}

/// From which speed-up on fine-tuning is needed: nothing but it brings the accuracy to within a point of dense.
void write_conclusion(std::ostream& out, const structure_study& study) {
  constexpr double a_point = 0.01;
  const structure_row *fastest = nullptr, *first_lost = nullptr;
  for (const structure_row& row : study.rows) {
    if (row.speed_up == 0) continue;
    const bool kept = std::max(row.refit, row.obs) >= study.int8 - a_point;
    if (kept && (fastest == nullptr || row.speed_up > fastest->speed_up)) fastest = &row;
    if (!kept && (first_lost == nullptr || row.speed_up < first_lost->speed_up)) first_lost = &row;
  }
  const auto describe = [](const structure_row& row) {
    char all[96];
    std::snprintf(all, sizeof all, "%.2f times as fast (%s, %g %%)", row.speed_up, row.name.c_str(),
                  100 * row.sparsity);
    return std::string(all);
  };
  out << '\n';
  if (fastest != nullptr) out << "without fine-tuning within a point of dense: up to " << describe(*fastest) << '\n';
  out << "fine-tuning is necessary: "
      << (first_lost == nullptr ? "for none of these structures" : "from " + describe(*first_lost)) << '\n';
}

}  // namespace

structure_study study_structures(const std::string& wanted, const model& dense, const split& data,
                                 const std::filesystem::path& tuned, const conditions& how,
                                 const std::function<void(const std::string&)>& progress) {
  structure_study study{accuracy<float32>(dense, data, how), accuracy<int8_per_channel>(dense, data, how), {}, {}};
  const layer_weights& largest = dense.at(2);  // of the convolutions
  study.layer = largest.name;
  progress("calibrating");
  const std::vector<activations> inputs = calibration_inputs(dense, data.training);
  for (const structure_case& which : structure_cases()) {
    if (wanted != "all" && wanted != which.name) continue;
    const auto after = [&](compensation by) {
      progress(pare::text(which.name, " at ", 100 * which.sparsity, " %"));
      return accuracy<int8_per_channel>(prune_network(dense, inputs, which, by), data, how);
    };
    structure_row row{which.name, which.sparsity, after(compensation::none), after(compensation::refit),
                      after(compensation::obs)};
    const auto folder = tuned / which.folder;
    const auto& first = dense[0];
    if (!tuned.empty() && std::filesystem::exists(folder))
      row.tuned = accuracy<int8_per_channel>(load_model(folder, first.image, first.inputs()), data, how);
    row.speed_up = which.speed_up(largest, how.on);
    study.rows.push_back(row);
  }
  if (study.rows.empty()) pare::fail("--structures", "\"all\" or the name of a structure, as it prints them", wanted);
  return study;
}

void write_table(std::ostream& out, const structure_study& study) {
  const auto percent = [](double share) {
    char digits[16];
    std::snprintf(digits, sizeof digits, "%.2f", 100 * share);
    return share < 0 ? std::string("-") : std::string(digits);
  };
  const auto factor = [](double speed_up) {
    char digits[16];
    std::snprintf(digits, sizeof digits, "%.2f", speed_up);
    return speed_up == 0 ? std::string("-") : std::string(digits);
  };
  const auto line = [&](const std::string& name, std::initializer_list<std::string> cells) {
    char padded[32];
    std::snprintf(padded, sizeof padded, "%-24s", name.c_str());
    out << padded;
    for (const std::string& cell : cells) {
      std::snprintf(padded, sizeof padded, "%16s", cell.c_str());
      out << padded;
    }
    out << '\n';
  };
  out << "accuracy on the held-out images in %, int8 per channel; dense: " << percent(study.int8) << " (float "
      << percent(study.float32) << ")\n\n";
  line("structure", {"magnitude", "refit", "OBS + refit", "fine-tuned", study.layer + " speed-up"});
  for (const structure_row& row : study.rows)
    line(pare::text(row.name, " ", 100 * row.sparsity, " %"),
         {percent(row.magnitude), percent(row.refit), percent(row.obs), percent(row.tuned), factor(row.speed_up)});
  write_conclusion(out, study);
}

void write_json(std::ostream& out, const structure_study& study) {
  using nlohmann::ordered_json;
  ordered_json document{{"float32", study.float32}, {"int8", study.int8}, {"structures", ordered_json::array()}};
  for (const structure_row& row : study.rows) {
    ordered_json entry{{"structure", row.name}, {"sparsity", row.sparsity}, {"magnitude", row.magnitude},
                       {"refit", row.refit},    {"obs", row.obs},           {"speed_up", row.speed_up}};
    if (row.tuned >= 0) entry["fine_tuned"] = row.tuned;
    document["structures"].push_back(entry);
  }
  out << document.dump(2) << '\n';
}

}  // namespace compress
