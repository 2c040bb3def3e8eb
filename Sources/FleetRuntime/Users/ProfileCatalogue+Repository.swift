import FleetAPI
import Glibc
import ProfileRepository
import ProfileSet
import Rollouts
import TUF

extension ProfileCatalogue {
    /// What is published in a folder; nothing where there is no repository.
    static func repository(_ path: String) -> ProfileCatalogue {
        ProfileCatalogue {
            guard access("\(path)/repository.json", F_OK) == 0 else {
                return Published(whole: [], damaged: [])
            }
            let now = TUFTime(seconds: Int64(time(nil)))
            let found = try ProfileRepository(path).publishedSets(now: now)
            return Published(
                whole: found.whole.map { SetRelease($0) },
                damaged: found.damaged.map { set in
                    DamagedRelease(
                        set: set.set, version: "\(set.version)", release: set.release,
                        problem: set.damage.rawValue, detail: set.detail, words: set.words)
                })
        }
    }
}
