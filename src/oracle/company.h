// Company: which other clients had the database open, or were at work in it,
// while a step ran.

#ifndef LASTCOMMIT_ORACLE_COMPANY_H_
#define LASTCOMMIT_ORACLE_COMPANY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "oracle/client_units.h"
#include "oracle/round_view.h"

namespace lastcommit {

class Company {
 public:
  // All must outlive it.
  Company(const RoundView& view, const RoundUnits& units,
          const std::optional<DeathOfOne>& death)
      : view_(view), units_(units), death_(death) {}

  // Its client died alone.
  bool IsDead(const Unit& unit) const;
  // Another client had the database open at some time while the step ran.
  bool IsShared(const Unit& unit, std::size_t step) const;
  // Another client was at something meanwhile, or had an error in its newest
  // step, which may have left it its locks.
  bool HasCompany(const Unit& unit, std::size_t step) const;
  // The last client to close did so when all others had.
  bool ClosedAlone() const;

 private:
  using Units = std::vector<Unit>;

  bool IsConnected(const Units& other, const Unit& unit,
                   std::size_t step) const;
  Mark LeftAt(const Unit& last) const;
  Mark LetsGoAt(const Units& units, std::size_t i) const;
  std::int64_t ErrorsUpTo(const Unit& unit) const;
  const Unit* LastConnected(const Units& units) const;
  bool MayNotKnowTheMode(const Unit& last) const;

  const RoundView& view_;
  const RoundUnits& units_;
  const std::optional<DeathOfOne>& death_;
};

}  // namespace lastcommit

#endif  // LASTCOMMIT_ORACLE_COMPANY_H_
